//! The directory of failure records.

mod amend;
mod area;
mod copies;
mod directory;
mod latest;
mod names;
mod read;
mod resolutions;
mod temporary;
mod write;

pub use amend::{AmendResult, Amendment, RecordChange, RecordLock, amend, amend_failure};
pub use area::{Areas, file_name_part};
pub use copies::copies;
pub use directory::Store;
pub use names::{LATEST_NAME, is_record_name, time_and_id_in};
pub use read::{existing_store, parse, read_bytes, read_json};
pub use resolutions::{MAX_FIX_BYTES, PastFix};
pub use write::{Durability, write_whole};
