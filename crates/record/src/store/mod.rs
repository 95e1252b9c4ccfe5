//! The directory of failure records.

mod amend;
mod area;
mod copies;
mod directory;
mod latest;
mod read;
mod resolutions;
mod temporary;
mod write;

pub use amend::{AmendResult, Amendment, RecordChange, RecordLock, amend, amend_failure};
pub use area::{Areas, file_name_part};
pub use copies::{copies, time_and_id_in};
pub use directory::{Durability, Store, is_record_name};
pub use read::{existing_store, parse, read_bytes, read_json};
pub use resolutions::PastFix;
pub use write::write_whole;
