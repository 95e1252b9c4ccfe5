//! Rows of text in a lane: messages and other text fields of events.

use crate::observe::hash::mix;
use crate::observe::trail::lane::Lane;
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::ring_request::{RingRequest, TextShare, holds_texts};
use text::boundary_before;

/// The retention of the breadcrumbs of a computation.
pub(crate) const RETENTION: Retention = Retention { head: 0, tail: 32 };
/// Words of text in a row.
const TEXT_WORDS: usize = 28;
/// Words before the text: the clock, the callsite, the length of the text, and the path of the spans.
const HEADER_WORDS: usize = 4;
const CUT_FLAG: u64 = 1 << 32;
const ROW_WORDS: usize = HEADER_WORDS + TEXT_WORDS;

/// The part of a lane for the texts of all targets.
pub(crate) const SHARE: TextShare = TextShare { rings: 8, words: RETENTION.tail * ROW_WORDS };

/// Keys of the two rings for targets without their own ring: one for libraries, one for the program.
const SHARED_KEYS: [u64; 2] = [1, 3];

/// Returns the ring that the texts of a target need. A target has its own ring while there are free ones.
pub(crate) fn request(lane: &Lane, target: &str, in_app: bool) -> RingRequest {
    let texts = || lane.rings().filter(|ring| holds_texts(ring.key));
    let key = key_of(target);
    let has_ring = lane.ring(key).is_some() || texts().count() + SHARED_KEYS.len() < SHARE.rings;
    let key = if has_ring { key } else { SHARED_KEYS[usize::from(in_app)] };
    RingRequest { key, stride: ROW_WORDS, tag: 0, in_app, retention: RETENTION, texts: SHARE }
}

/// Returns an odd number for a target.
pub(crate) fn key_of(target: &str) -> u64 {
    let (chunks, rest) = target.as_bytes().as_chunks();
    let add = |key: u64, word: u64| mix(key ^ word).rotate_left(29);
    let key = chunks.iter().fold(target.len() as u64, |key, chunk| add(key, u64::from_le_bytes(*chunk)));
    rest.iter().fold(key, |key, byte| add(key, u64::from(*byte))) | 1
}

/// The content of a row of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BreadcrumbRow {
    pub(crate) tick: u64,
    pub(crate) callsite: u64,
    pub(crate) text: String,
}

/// A text that is cut to the length of a row.
pub(crate) struct RowText {
    bytes: [u8; 8 * TEXT_WORDS],
    length: usize,
    cut: bool,
}

impl RowText {
    pub(crate) fn push(&mut self, text: &str) {
        let room = if self.cut { 0 } else { self.bytes.len() - self.length };
        let fits = boundary_before(text, room);
        self.cut |= fits < text.len();
        self.bytes[self.length..self.length + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.length += fits;
    }

    /// Adds a field.
    pub(crate) fn push_field(&mut self, name: &str, value: &str) {
        let space = if self.length == 0 { "" } else { " " };
        [space, name, "=", value].into_iter().for_each(|part| self.push(part));
    }
}

/// Writes a row. `fill` adds its texts. Returns `None` if there is no room.
#[inline]
pub(crate) fn write(
    lane: &Lane,
    key: u64,
    (tick, callsite, path): (u64, u64, PathWord),
    fill: impl FnOnce(&mut RowText),
) -> Option<()> {
    let row = lane.ring(key)?.begin()?;
    let mut text = RowText { bytes: [0; 8 * TEXT_WORDS], length: 0, cut: false };
    fill(&mut text);
    row.set(0, tick);
    row.set(1, callsite);
    row.set(2, text.length as u64 | if text.cut { CUT_FLAG } else { 0 });
    row.set(3, path.word());
    let (words, _) = text.bytes.as_chunks();
    let words = words.iter().take(text.length.div_ceil(8)).map(|bytes| u64::from_le_bytes(*bytes));
    words.enumerate().for_each(|(word, bytes)| row.set(HEADER_WORDS + word, bytes));
    row.finish();
    Some(())
}

/// Returns the path of the spans around the event.
pub(crate) fn path(row: &[u64]) -> PathWord {
    PathWord::of(row.get(3).copied().unwrap_or_default())
}

pub(crate) fn read(row: &[u64]) -> Option<BreadcrumbRow> {
    let [tick, callsite, length, _, words @ ..] = row else { return None };
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).take(*length as u32 as usize).collect();
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if length & CUT_FLAG != 0 {
        text.push('…');
    }
    Some(BreadcrumbRow { tick: *tick, callsite: *callsite, text })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 256 }))]

        /// For any text, the row has its beginning and whether it was cut.
        #[test]
        fn a_text_keeps_whole_characters(parts in prop::collection::vec("\\PC{0,80}", 0..8)) {
            let mut text = RowText { bytes: [0; 8 * TEXT_WORDS], length: 0, cut: false };
            parts.iter().for_each(|part| text.push(part));
            let kept = str::from_utf8(&text.bytes[..text.length]).unwrap();
            let full_text = parts.concat();
            prop_assert!(full_text.starts_with(kept));
            prop_assert_eq!(text.cut, kept.len() < full_text.len());
            prop_assert!(!text.cut || kept.len() + 4 > 8 * TEXT_WORDS, "no more is cut than has to be");
        }
    }
}
