//! Rows of text: what a computation said that was no number.

use super::Plan;
use super::lane::{Lane, Shape};
use crate::capture::fields::Fields;
use crate::log::LOG_FIELDS;

/// Breadcrumbs that are kept.
pub(super) const PLAN: Plan = Plan { first: 0, last: 32 };
/// Words of text of each.
const TEXT: usize = 28;
/// The clock, the callsite, and the length of the text.
const BEFORE_TEXT: usize = 3;
const CUT: u64 = 1 << 32;
const STRIDE: usize = BEFORE_TEXT + TEXT;

/// The ring that every lane has for them.
pub(super) const SHAPE: Shape = Shape { stride: STRIDE, first: PLAN.first, last: PLAN.last, note: 0 };

/// Words that they take.
pub(super) const WORDS: usize = PLAN.last * STRIDE;

/// What was said, as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) tick: u64,
    pub(super) callsite: u64,
    pub(super) text: String,
}

/// Text in words.
struct Text {
    words: [u64; TEXT],
    bytes: usize,
    cut: bool,
}

impl Text {
    fn push(&mut self, text: &str) {
        for c in text.chars() {
            self.cut |= self.bytes + c.len_utf8() > size_of_val(&self.words);
            if self.cut {
                return;
            }
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                self.words[self.bytes / 8] |= u64::from(byte) << (self.bytes % 8 * 8);
                self.bytes += 1;
            }
        }
    }
}

/// Writes the message and what stands beside it.
pub(super) fn write(lane: &Lane, tick: u64, callsite: u64, fields: &Fields, is_secret: impl Fn(&'static str) -> bool) {
    let mut text = Text { words: [0; TEXT], bytes: 0, cut: false };
    text.push(fields.prose("message").unwrap_or_default());
    for name in fields.names().filter(|name| !LOG_FIELDS.contains(name)) {
        let Some(prose) = fields.prose(name) else { continue };
        let value = if is_secret(name) { crate::redact::REDACTED } else { prose };
        let space = if text.bytes == 0 { "" } else { " " };
        [space, name, "=", value].into_iter().for_each(|part| text.push(part));
    }
    let row = lane.reserved().begin();
    row.set(0, tick);
    row.set(1, callsite);
    row.set(2, text.bytes as u64 | if text.cut { CUT } else { 0 });
    let words = text.words.iter().take(text.bytes.div_ceil(8));
    words.enumerate().for_each(|(word, bytes)| row.set(BEFORE_TEXT + word, *bytes));
    row.finish();
}

pub(super) fn read(row: &[u64]) -> Option<Said> {
    let [tick, callsite, length, words @ ..] = row else { return None };
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).take(*length as u32 as usize).collect();
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if length & CUT != 0 {
        text.push('…');
    }
    Some(Said { tick: *tick, callsite: *callsite, text })
}
