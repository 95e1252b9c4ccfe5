//! What is known of the names of fields, by their addresses.

use std::sync::atomic::{AtomicU64, Ordering};

use super::names::NameKind;

/// A cache. An entry holds the address and the length of a name, and what was found out about it in the lowest bits.
#[derive(Debug)]
pub(super) struct KnownNames([AtomicU64; 256]);

/// What a field's name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldName {
    pub(crate) kind: NameKind,
    /// Whether it stands in JSON as it is.
    pub(crate) is_plain: bool,
}

impl FieldName {
    /// Whether its numbers are secrets too.
    pub(crate) fn hides_numbers(self) -> bool {
        self.kind == NameKind::Password
    }

    pub(crate) fn is_secret(self) -> bool {
        self.kind > NameKind::Ordinary
    }
}

const KINDS: [NameKind; 4] = [NameKind::Ordinary, NameKind::Doubtful, NameKind::Credential, NameKind::Password];

/// Bits of an entry that are not the key: the kind, and whether the name is plain.
const FOUND: u32 = 3;

impl Default for KnownNames {
    fn default() -> Self {
        KnownNames([const { AtomicU64::new(0) }; 256])
    }
}

impl KnownNames {
    pub(super) fn look_up(&self, name: &'static str, judge: impl FnOnce() -> FieldName) -> FieldName {
        let address = name.as_ptr().addr() as u64;
        let known = &self.0[(address >> 2 ^ address >> 10) as usize % self.0.len()];
        let key = address << 16 | (name.len() as u64) << FOUND;
        let entry = known.load(Ordering::Relaxed);
        if entry >> FOUND == key >> FOUND && entry != 0 {
            return FieldName { kind: KINDS[(entry >> 1 & 3) as usize], is_plain: entry & 1 != 0 };
        }
        let judged = judge();
        // An address or a length that does not fit could pass for another one.
        if address >> 48 == 0 && name.len() < 1 << (16 - FOUND) {
            known.store(key | (judged.kind as u64) << 1 | u64::from(judged.is_plain), Ordering::Relaxed);
        }
        judged
    }
}
