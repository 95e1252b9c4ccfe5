//! Fitting sections into a budget. Sections of high priority come first, each in the longest variant that fits.

/// A section of a prompt.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Sections with a low priority are omitted first.
    pub(super) priority: u8,
    /// Variants of the text, longest first; never empty.
    pub(super) variants: Vec<String>,
}

/// The priority of sections that are always included.
pub(super) const REQUIRED: u8 = u8::MAX;

impl Section {
    /// Creates a section. Returns `None` if all variants are blank.
    pub(super) fn new(title: &'static str, priority: u8, variants: Vec<String>) -> Option<Self> {
        let variants: Vec<String> = variants.into_iter().filter(|variant| !variant.trim().is_empty()).collect();
        (!variants.is_empty()).then_some(Section { title, priority, variants })
    }

    pub(super) fn map_text(&mut self, map_text: impl Fn(&str) -> String) {
        self.variants.iter_mut().for_each(|variant| *variant = map_text(variant));
    }

    fn text(&self, variant: &str) -> String {
        // Escapes lines that look like a title.
        let variant = variant.trim_end().replace("\n#", "\n #");
        let variant = if variant.starts_with('#') { format!(" {variant}") } else { variant };
        format!("## {}\n{variant}\n\n", self.title)
    }
}

/// Joins the sections in their order, with at most `budget` bytes.
pub(super) fn fit_sections(sections: Vec<Section>, mut budget: usize) -> String {
    let mut by_priority: Vec<usize> = (0..sections.len()).collect();
    by_priority.sort_by_key(|&place| std::cmp::Reverse(sections[place].priority));
    let mut texts = vec![None; sections.len()];
    for place in by_priority {
        let section = &sections[place];
        let variants = || section.variants.iter().map(|variant| section.text(variant));
        let shortest = if section.priority == REQUIRED { variants().next_back() } else { None };
        let text = variants().find(|text| text.len() <= budget).or(shortest);
        budget = budget.saturating_sub(text.as_ref().map_or(0, String::len));
        texts[place] = text;
    }
    texts.into_iter().flatten().collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &'static str, priority: u8, variants: &[&str]) -> Section {
        Section::new(title, priority, variants.iter().map(|variant| (*variant).to_owned()).collect()).unwrap()
    }

    #[test]
    fn the_most_valuable_sections_are_kept_in_order() {
        let sections = || {
            vec![
                section("A", REQUIRED, &["error"]),
                section("B", 1, &["little value"]),
                section("C", 9, &["a long form of much value", "short"]),
            ]
        };
        assert_eq!(
            fit_sections(sections(), 1000),
            "## A\nerror\n\n## B\nlittle value\n\n## C\na long form of much value"
        );
        assert_eq!(fit_sections(sections(), 30), "## A\nerror\n\n## C\nshort");
        assert_eq!(fit_sections(sections(), 0), "## A\nerror");
    }

    #[test]
    fn empty_sections_are_omitted() {
        assert!(Section::new("A", 1, vec![" \n".to_owned()]).is_none());
    }
}
