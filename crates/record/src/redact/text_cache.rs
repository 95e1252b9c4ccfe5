//! A cache of properties of static texts, such as the names of fields, by their addresses.

use std::sync::atomic::{AtomicU64, Ordering};

use super::names::NameKind;

/// A lock-free cache. An entry contains the address and the length of a text, and the result in the lowest bits.
#[derive(Debug)]
pub(super) struct TextCache([AtomicU64; 256]);

/// Number of result bits in an entry. The others are the key.
const RESULT_BITS: u32 = 3;

/// The classification of a field name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldName {
    /// The kind of the name.
    pub kind: NameKind,
    /// True if the name needs no escaping in JSON.
    pub is_plain: bool,
}

const KINDS: [NameKind; 4] = [NameKind::Ordinary, NameKind::Doubtful, NameKind::Credential, NameKind::Password];

impl FieldName {
    /// Returns true if numbers with this name are secrets as well.
    #[inline]
    pub fn hides_numbers(self) -> bool {
        self.kind == NameKind::Password
    }

    /// Returns true if a text with this name may be a secret.
    #[inline]
    pub fn is_secret(self) -> bool {
        self.kind > NameKind::Ordinary
    }

    pub(super) fn to_bits(self) -> u64 {
        (self.kind as u64) << 1 | u64::from(self.is_plain)
    }

    #[inline]
    pub(super) fn from_bits(bits: u64) -> Self {
        FieldName { kind: KINDS[(bits >> 1 & 3) as usize], is_plain: bits & 1 != 0 }
    }
}

impl Default for TextCache {
    fn default() -> Self {
        TextCache([const { AtomicU64::new(0) }; 256])
    }
}

impl TextCache {
    /// Returns the result of `compute` for a text, in [`RESULT_BITS`] bits.
    #[inline]
    pub(super) fn get_or_compute(&self, text: &'static str, compute: impl FnOnce() -> u64) -> u64 {
        let address = text.as_ptr().addr() as u64;
        let known = &self.0[(address >> 2 ^ address >> 10) as usize % self.0.len()];
        let key = address << 16 | (text.len() as u64) << RESULT_BITS;
        let entry = known.load(Ordering::Relaxed);
        if entry >> RESULT_BITS == key >> RESULT_BITS && entry != 0 {
            return entry & ((1 << RESULT_BITS) - 1);
        }
        let found = compute();
        // An address or a length that does not fit could be mistaken for another one.
        if address >> 48 == 0 && text.len() < 1 << (16 - RESULT_BITS) {
            known.store(key | found, Ordering::Relaxed);
        }
        found
    }
}
