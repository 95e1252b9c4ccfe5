/// The words of a text or a name, in lower case: `apiKey`, `API_KEY` and `api-key` are the same two.
#[derive(Debug)]
pub(crate) struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Words { text: String::with_capacity(text.len()), ends: Vec::with_capacity(8) };
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
        if self.text.len() > self.ends.last().copied().unwrap_or(0) {
            self.ends.push(self.text.len());
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        (0..self.ends.len()).map(|index| &self.text[self.start(index)..self.ends[index]])
    }

    pub(crate) fn contains(&self, word: &str) -> bool {
        self.iter().any(|known| known == word)
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
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
}
