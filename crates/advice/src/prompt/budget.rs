//! What is said where there is no room for all of it: the most valuable first, and of each as much as fits.

/// A part of a question.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// What it is worth: the more, the longer it is kept.
    pub(super) value: u8,
    /// The same in full, and shorter; never empty.
    pub(super) forms: Vec<String>,
}

/// The value of what is always said.
pub(super) const ALWAYS: u8 = u8::MAX;

impl Section {
    /// A part with these forms, the fullest first; nothing where there is nothing to say.
    pub(super) fn of(title: &'static str, value: u8, forms: Vec<String>) -> Option<Self> {
        let forms: Vec<String> = forms.into_iter().filter(|form| !form.trim().is_empty()).collect();
        (!forms.is_empty()).then_some(Section { title, value, forms })
    }

    pub(super) fn change(&mut self, change: impl Fn(&str) -> String) {
        self.forms.iter_mut().for_each(|form| *form = change(form));
    }

    fn text(&self, form: &str) -> String {
        // What begins like a title is none.
        let form = form.trim_end().replace("\n#", "\n #");
        let form = if form.starts_with('#') { format!(" {form}") } else { form };
        format!("## {}\n{form}\n\n", self.title)
    }
}

/// The parts in their order, within so many bytes.
pub(super) fn fill(sections: Vec<Section>, room: usize) -> String {
    let mut by_value: Vec<usize> = (0..sections.len()).collect();
    by_value.sort_by_key(|&place| std::cmp::Reverse(sections[place].value));
    let mut said = vec![None; sections.len()];
    let mut room = room;
    for place in by_value {
        let section = &sections[place];
        let forms = || section.forms.iter().map(|form| section.text(form));
        let fitting = forms().find(|text| text.len() <= room);
        let text = fitting.or_else(|| forms().next_back().filter(|_| section.value == ALWAYS));
        room = room.saturating_sub(text.as_ref().map_or(0, String::len));
        said[place] = text;
    }
    said.into_iter().flatten().collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &'static str, value: u8, forms: &[&str]) -> Section {
        Section::of(title, value, forms.iter().map(|form| (*form).to_owned()).collect()).unwrap()
    }

    #[test]
    fn value_decides_and_the_order_stays() {
        let sections = || {
            vec![
                section("A", ALWAYS, &["error"]),
                section("B", 1, &["little value"]),
                section("C", 9, &["a long form of much value", "short"]),
            ]
        };
        assert_eq!(fill(sections(), 1000), "## A\nerror\n\n## B\nlittle value\n\n## C\na long form of much value");
        assert_eq!(fill(sections(), 30), "## A\nerror\n\n## C\nshort");
        assert_eq!(fill(sections(), 0), "## A\nerror");
    }

    #[test]
    fn what_says_nothing_has_no_section() {
        assert!(Section::of("A", 1, vec![" \n".to_owned()]).is_none());
    }
}
