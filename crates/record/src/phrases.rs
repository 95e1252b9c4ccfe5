//! The words of a text, and phrases that a text may contain.

/// The words of a text or a name, in lower case: `apiKey`, `API_KEY` and `api-key` have the same two words.
#[derive(Clone, Debug)]
pub struct WordSequence {
    text: String,
    ends: Vec<usize>,
    /// A Bloom filter with one bit per word. A word whose bit is not set is not in the text.
    filter_bits: u64,
}

impl WordSequence {
    /// Returns the words of a name or a short text.
    pub fn of(text: &str) -> Self {
        let mut words =
            WordSequence { text: String::with_capacity(text.len()), ends: Vec::with_capacity(8), filter_bits: 0 };
        if text.is_ascii() {
            words.add_ascii(text);
            return words;
        }
        let mut after_lower = false;
        for c in text.chars() {
            if !c.is_alphanumeric() || (c.is_uppercase() && after_lower) {
                words.end_word();
            }
            if c.is_ascii_alphanumeric() {
                words.text.push(c.to_ascii_lowercase());
            } else if c.is_alphanumeric() {
                words.text.extend(c.to_lowercase());
            }
            after_lower = c.is_lowercase();
        }
        words.end_word();
        words
    }

    /// Returns the words of a message. "NaN" is one word, not camel case.
    pub fn of_message(text: &str) -> Self {
        if text.contains("NaN") { WordSequence::of(&text.replace("NaN", " nan ")) } else { WordSequence::of(text) }
    }

    /// Adds the words of an ASCII text, byte by byte.
    fn add_ascii(&mut self, text: &str) {
        let mut after_lower = false;
        for byte in text.bytes() {
            let is_upper = byte.is_ascii_uppercase();
            if !byte.is_ascii_alphanumeric() || (is_upper && after_lower) {
                self.end_word();
            }
            if byte.is_ascii_alphanumeric() {
                self.text.push(char::from(byte.to_ascii_lowercase()));
            }
            after_lower = byte.is_ascii_lowercase();
        }
        self.end_word();
    }

    fn end_word(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        if self.text.len() > start {
            self.filter_bits |= filter_bit(&self.text[start..]);
            self.ends.push(self.text.len());
        }
    }

    /// Returns the words in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator + Clone {
        (0..self.ends.len()).map(|index| self.word(index))
    }

    fn word(&self, index: usize) -> &str {
        &self.text[self.start(index)..self.ends[index]]
    }

    /// Returns true if the text contains this word.
    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|known| known == word)
    }

    /// Returns the filter: one bit per word. Two words may share a bit.
    pub fn filter_bits(&self) -> u64 {
        self.filter_bits
    }

    /// Returns true if the text has no words.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns true if the text ends with these words.
    pub fn ends_with(&self, end: &WordSequence) -> bool {
        let before = self.ends.len().checked_sub(end.ends.len());
        end.filter_bits & !self.filter_bits == 0 && before.is_some_and(|before| self.iter().skip(before).eq(end.iter()))
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

/// A phrase that a text may contain, such as `lost * digits`. The star matches a few words.
///
/// Words after ` !` must not follow the phrase: `pivot is zero !based` is not in "pivot is zero-based".
#[derive(Clone, Debug)]
pub struct Phrase {
    parts: Vec<WordSequence>,
    excluded: Option<WordSequence>,
    filter_bits: u64,
    has_numbers: bool,
}

/// Maximum number of words that a star matches.
const MAX_GAP_WORDS: usize = 5;

impl Phrase {
    /// Parses a phrase. Returns `None` if it contains no word.
    pub fn of(text: &str) -> Option<Self> {
        let (text, excluded) = text.split_once(" !").map_or((text, None), |(text, words)| (text, Some(words)));
        let parts: Vec<WordSequence> =
            text.split('*').map(WordSequence::of).filter(|part| !part.ends.is_empty()).collect();
        let filter_bits = parts.iter().fold(0, |filter_bits, part| filter_bits | part.filter_bits);
        let has_numbers = parts.iter().any(|part| part.iter().any(|word| !word.starts_with(char::is_alphabetic)));
        (!parts.is_empty()).then_some(Phrase {
            parts,
            excluded: excluded.map(WordSequence::of),
            filter_bits,
            has_numbers,
        })
    }

    /// Returns false if a text with this filter cannot contain the phrase.
    pub fn may_be_in(&self, filter_bits: u64) -> bool {
        self.filter_bits & !filter_bits == 0
    }

    /// Returns true if a text contains the phrase. Numbers between words are skipped: "more than 1000 steps".
    pub fn is_in(&self, words: &WordSequence) -> bool {
        if !self.may_be_in(words.filter_bits) {
            return false;
        }
        let Some(first) = self.parts.first().and_then(|part| part.iter().next()) else { return false };
        // Most phrases fail at their first word.
        let mut starts = (0..words.ends.len()).filter(|&at| words.word(at) == first);
        starts.any(|at| {
            let rest = (at..words.ends.len()).map(|at| words.word(at));
            // A phrase with numbers, such as `ising 2d`, has to match them.
            let compared = rest.filter(|word| self.has_numbers || word.starts_with(char::is_alphabetic));
            self.parts_follow(&self.parts, compared, 0)
        })
    }

    /// Returns true if the parts follow each other, and no excluded word follows them. At most `gap` words precede the
    /// first part.
    fn parts_follow<'a>(
        &self,
        parts: &[WordSequence],
        words: impl Iterator<Item = &'a str> + Clone,
        gap: usize,
    ) -> bool {
        let Some((first, rest)) = parts.split_first() else { return true };
        let length = first.ends.len();
        (0..=gap).any(|skipped| {
            let here = words.clone().skip(skipped);
            let is_here = here.clone().take(length).eq(first.iter());
            let mut after = here.skip(length);
            is_here && if rest.is_empty() { self.may_precede(after.next()) } else { self.rest_follows(rest, after) }
        })
    }

    fn may_precede(&self, next: Option<&str>) -> bool {
        next.zip(self.excluded.as_ref()).is_none_or(|(next, excluded)| !excluded.contains(next))
    }

    /// Collects the words into a list, because the types of the iterators would nest without end.
    fn rest_follows<'a>(&self, parts: &[WordSequence], words: impl Iterator<Item = &'a str> + Clone) -> bool {
        let length: usize = parts.iter().map(|part| part.ends.len() + MAX_GAP_WORDS).sum();
        // One more word may be excluded.
        let words: Vec<&str> = words.take(length + 1).collect();
        self.parts_follow(parts, words.iter().copied(), MAX_GAP_WORDS)
    }
}

fn filter_bit(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let [first, last] = [bytes.first(), bytes.last()].map(|byte| u32::from(byte.copied().unwrap_or_default()));
    1 << ((first.wrapping_mul(7) ^ last.wrapping_mul(3) ^ word.len() as u32) % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_separate_words() {
        for (text, words) in [
            ("apiKey", "api key"),
            ("API_KEY", "api key"),
            ("--api-key=", "api key"),
            ("StepSizeUnderflow", "step size underflow"),
            ("x2 is Ähnlich", "x2 is ähnlich"),
            ("", ""),
            ("__", ""),
        ] {
            assert_eq!(WordSequence::of(text).iter().collect::<Vec<_>>().join(" "), words);
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
            ("lost all of its digits", "lost * digits", true),
            ("lost digits", "lost * digits", true),
            ("lost one two three four five six digits", "lost * digits", false),
            ("digits lost", "lost * digits", false),
            ("need 149.0 GiB for this", "need * GiB", true),
            ("a b a c", "a * c", true),
            ("ising_2d on a torus", "ising 2d", true),
            ("error 42", "error 42", true),
            ("error 41", "error 42", false),
            ("pivot 1 is zero", "pivot is zero !based indexed", true),
            ("pivot 1 is zero-based", "pivot is zero !based indexed", false),
            ("pivot is zero-based, and pivot 1 is zero", "pivot is zero !based", true),
            ("rows of the pivot are zero based", "rows * zero !based", false),
        ] {
            assert_eq!(Phrase::of(phrase).unwrap().is_in(&WordSequence::of(text)), is_there, "{phrase} in {text}");
        }
        assert!(WordSequence::of("solver_rtol").ends_with(&WordSequence::of("rtol")));
        assert!(!WordSequence::of("rtol").ends_with(&WordSequence::of("solver_rtol")));
        assert!(!WordSequence::of("rtol_factor").ends_with(&WordSequence::of("rtol")));
    }

    proptest::proptest! {
        #[test]
        fn ascii_texts_have_the_same_words(text in "[a-cA-C0-2_. -]{0,30}") {
            let with_another: Vec<String> = WordSequence::of(&format!("{text} é")).iter().map(str::to_owned).collect();
            let words: Vec<String> = WordSequence::of(&text).iter().chain(["é"]).map(str::to_owned).collect();
            proptest::prop_assert_eq!(words, with_another);
        }

        #[test]
        fn every_part_of_a_text_is_found_in_it(text in "[a-c ]{0,20}", from in 0_usize..20, to in 0_usize..20) {
            let words = WordSequence::of(&text);
            let all: Vec<&str> = words.iter().collect();
            let (from, to) = (from.min(all.len()), to.min(all.len()));
            let part = Phrase::of(&all[from..to.max(from)].join(" "));
            proptest::prop_assert!(part.is_none_or(|part| part.is_in(&words)));
        }
    }
}
