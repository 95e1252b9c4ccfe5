/// The words of a text or a name, in lower case: `apiKey`, `API_KEY` and `api-key` are the same two.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    text: String,
    ends: Vec<usize>,
    /// A bit for each of them: whoever looks for a word whose bit is missing need not look.
    bits: u64,
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Words { text: String::with_capacity(text.len()), ends: Vec::with_capacity(8), bits: 0 };
        let mut after_lower = false;
        for c in text.chars() {
            if !c.is_alphanumeric() || (c.is_uppercase() && after_lower) {
                words.end();
            }
            if c.is_ascii_alphanumeric() {
                words.text.push(c.to_ascii_lowercase());
            } else if c.is_alphanumeric() {
                words.text.extend(c.to_lowercase());
            }
            after_lower = c.is_lowercase();
        }
        words.end();
        words
    }

    fn end(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        if self.text.len() > start {
            self.bits |= bit(&self.text[start..]);
            self.ends.push(self.text.len());
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator + Clone {
        (0..self.ends.len()).map(|index| &self.text[self.start(index)..self.ends[index]])
    }

    pub(crate) fn contains(&self, word: &str) -> bool {
        self.iter().any(|known| known == word)
    }

    /// A bit for each word; two words may share one.
    pub(crate) fn bits(&self) -> u64 {
        self.bits
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether these words stand in it, one after the other. Numbers may stand between them: "more than 1000 steps".
    pub(crate) fn contains_all(&self, phrase: &Words) -> bool {
        if phrase.bits & !self.bits != 0 {
            return false;
        }
        let mut words = self.iter().filter(|word| word.starts_with(char::is_alphabetic));
        loop {
            if words.clone().take(phrase.ends.len()).eq(phrase.iter()) {
                return true;
            }
            if words.next().is_none() {
                return false;
            }
        }
    }

    /// Whether these are its last words.
    pub(crate) fn end_with(&self, end: &Words) -> bool {
        let before = self.ends.len().checked_sub(end.ends.len());
        end.bits & !self.bits == 0 && before.is_some_and(|before| self.iter().skip(before).eq(end.iter()))
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

fn bit(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let [first, last] = [bytes.first(), bytes.last()].map(|byte| u32::from(byte.copied().unwrap_or_default()));
    1 << ((first.wrapping_mul(7) ^ last.wrapping_mul(3) ^ word.len() as u32) % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_and_marks_part_words() {
        for (text, words) in [
            ("apiKey", "api key"),
            ("API_KEY", "api key"),
            ("--api-key=", "api key"),
            ("StepSizeUnderflow", "step size underflow"),
            ("x2 is Ähnlich", "x2 is ähnlich"),
            ("", ""),
            ("__", ""),
        ] {
            assert_eq!(Words::of(text).iter().collect::<Vec<_>>().join(" "), words);
        }
    }

    #[test]
    fn phrases_are_found_whole_and_over_numbers() {
        for (text, phrase, is_there) in [
            ("need more than 1000 steps", "more than steps", true),
            ("StepSizeUnderflow", "step size", true),
            ("singularity", "singular", false),
            ("line by line search", "line search", true),
            ("search line", "line search", false),
            ("step", "step size", false),
        ] {
            assert_eq!(Words::of(text).contains_all(&Words::of(phrase)), is_there, "{phrase} in {text}");
        }
        assert!(Words::of("solver_rtol").end_with(&Words::of("rtol")));
        assert!(!Words::of("rtol").end_with(&Words::of("solver_rtol")));
        assert!(!Words::of("rtol_factor").end_with(&Words::of("rtol")));
    }

    proptest::proptest! {
        #[test]
        fn every_part_of_a_text_is_found_in_it(text in "[a-c ]{0,20}", from in 0_usize..20, to in 0_usize..20) {
            let words = Words::of(&text);
            let all: Vec<&str> = words.iter().collect();
            let (from, to) = (from.min(all.len()), to.min(all.len()));
            let part = Words::of(&all[from..to.max(from)].join(" "));
            proptest::prop_assert!(words.contains_all(&part));
        }
    }
}
