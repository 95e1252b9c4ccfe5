//! A table of the callsites to which trails refer.
//!
//! A trail refers to a callsite by its address. Records of the `log` crate share one callsite, so a trail refers to
//! their source locations by odd numbers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Metadata;

use crate::observe::callsite;
use crate::observe::fields::Fields;
use crate::observe::hash::mix;
use crate::observe::trail::callsite::Callsite;
use record::Limits;
use record::Location;
use runtime::lock::Renewable;

/// A callsite to which a trail refers.
#[derive(Clone, Debug)]
struct CallsiteEntry {
    meta: &'static Metadata<'static>,
    /// The message template of its first event.
    message: Option<String>,
    /// The source location of a record of the `log` crate.
    place: Option<Location>,
}

impl CallsiteEntry {
    fn describe(self) -> Callsite {
        Callsite {
            level: self.meta.level().as_str().into(),
            span: self.meta.is_span().then(|| self.meta.name().into()),
            message: self.message,
            location: self.place.unwrap_or_else(|| callsite::location(self.meta)),
            columns: callsite::columns(self.meta).map(Cow::Borrowed).collect(),
            omitted_columns: 0,
        }
    }
}

/// Maximum number of source locations of `log` records. Programs have fewer.
const MAX_LOG_PLACES: usize = 4096;

/// Source locations of `log` records by odd numbers, which are no addresses.
static LOG_PLACES: Renewable<Option<HashMap<u64, CallsiteEntry>>> = Renewable::none();

static CALLSITES: Renewable<Option<HashMap<u64, CallsiteEntry>>> = Renewable::none();

/// A cache of registered callsites, so that most events need no lookup.
static RECENTLY_REGISTERED: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];

#[inline]
pub(crate) fn address(meta: &'static Metadata<'static>) -> u64 {
    std::ptr::from_ref(meta).addr() as u64
}

/// Registers a callsite, so that a trail can refer to it. `message` is called only the first time.
pub(crate) fn register(meta: &'static Metadata<'static>, message: impl FnOnce() -> Option<String>) {
    let address = address(meta);
    let recent = &RECENTLY_REGISTERED[(address >> 4) as usize % RECENTLY_REGISTERED.len()];
    if recent.load(Ordering::Relaxed) == address {
        return;
    }
    if find(address).is_none() {
        // `message` may run code of the user, so no lock may be held.
        let message = message();
        if let Some(mut known) = CALLSITES.lock() {
            known.get_or_insert_default().entry(address).or_insert(CallsiteEntry { meta, message, place: None });
        }
    }
    recent.store(address, Ordering::Relaxed);
}

/// Returns the number for the source location of a `log` record. If the table is full, returns the number of the
/// callsite.
pub(crate) fn register_log_place(meta: &'static Metadata<'static>, fields: &Fields) -> u64 {
    let place = LogPlace::of(fields);
    let number = place.number(address(meta));
    let Some(mut known) = LOG_PLACES.lock() else { return address(meta) };
    let known = known.get_or_insert_default();
    match known.get(&number) {
        Some(callsite) if callsite.place.as_ref().is_some_and(|known| place.matches(known)) => number,
        None if known.len() < MAX_LOG_PLACES => {
            known.insert(number, CallsiteEntry { meta, message: None, place: Some(place.location()) });
            number
        }
        _ => address(meta),
    }
}

/// The source location of a record of the `log` crate.
#[derive(Clone, Copy)]
struct LogPlace<'a> {
    target: Option<&'a str>,
    module: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
}

impl<'a> LogPlace<'a> {
    fn of(fields: &'a Fields) -> Self {
        let line = fields.value("log.line", &Limits::DEFAULT).and_then(|line| line.as_f64());
        LogPlace {
            target: fields.raw_text("log.target"),
            module: fields.raw_text("log.module_path"),
            file: fields.raw_text("log.file"),
            line: line.map(|line| line as u32),
        }
    }

    fn number(&self, address: u64) -> u64 {
        let texts = [self.target, self.module, self.file].map(Option::unwrap_or_default);
        let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xff]));
        let start = address ^ u64::from(self.line.unwrap_or_default());
        bytes.fold(mix(start), |hash, byte| mix(hash ^ u64::from(byte)).rotate_left(8)) | 1
    }

    fn matches(&self, known: &Location) -> bool {
        let Location { target, module, file, line, .. } = known;
        (self.target, self.module, self.file, self.line)
            == (target.as_deref(), module.as_deref(), file.as_deref(), *line)
    }

    fn location(&self) -> Location {
        let owned = |text: Option<&str>| text.map(|text| text.to_owned().into());
        let mut location = Location::default();
        location.target = owned(self.target);
        location.module = owned(self.module);
        location.file = owned(self.file);
        location.line = self.line;
        location
    }
}

/// Describes the callsite at an address, or the source location with an odd number.
pub(crate) fn describe(address: u64) -> Option<Callsite> {
    find(address).map(CallsiteEntry::describe)
}

/// Returns the target of the callsite at an address.
pub(crate) fn target(address: u64) -> Option<&'static str> {
    find(address).map(|callsite| callsite.meta.target())
}

fn find(address: u64) -> Option<CallsiteEntry> {
    let table = if address & 1 == 1 { &LOG_PLACES } else { &CALLSITES };
    table.lock()?.as_ref()?.get(&address).cloned()
}

pub(crate) fn is_free() -> bool {
    CALLSITES.is_free() && LOG_PLACES.is_free()
}
