//! The names of the files in the directory.

use crate::failure::Failure;

/// The name of the copy of the newest record.
pub const LATEST_NAME: &str = "latest.json";

/// Length of `{UTC time}_{id}`, which identifies a record.
const TIME_AND_ID_BYTES: usize = "20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e".len();

/// Returns the name of a record's file: `{area}_{UTC time}_{id}.json`.
pub(super) fn record_name(area: &str, failure: &Failure) -> String {
    let id = failure.context.id.unwrap_or_else(|| crate::time::id_at(failure.timestamp));
    let mut digits = uuid::Uuid::encode_buffer();
    let id_text: &str = id.hyphenated().encode_lower(&mut digits);
    [area, "_", &crate::time_text::compact(failure.timestamp), "_", id_text, ".json"].concat()
}

/// Returns true if a file of this name is read as a record: it ends in `.json`, is not hidden and not `latest.json`.
pub fn is_record_name(name: &str) -> bool {
    name.ends_with(".json") && !name.starts_with('.') && name != LATEST_NAME
}

/// Returns true if a name has the form that [`record_name`] writes.
pub(super) fn is_record_file_name(name: &str) -> bool {
    split_name(name).is_some_and(|(area, rest)| is_area(area) && is_time_and_id(rest))
}

/// Splits a store's file name into the area and the part after it.
pub(super) fn split_name(name: &str) -> Option<(&str, &str)> {
    let stem = name.strip_suffix(".json")?;
    let (area, time_and_id) = stem.split_at_checked(stem.len().checked_sub(TIME_AND_ID_BYTES)?)?;
    Some((area.strip_suffix('_')?, time_and_id))
}

/// Returns true if a store may use this area in a file name.
pub(super) fn is_area(area: &str) -> bool {
    !area.is_empty() && area.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Returns the time and the id of a store's file name that this name contains.
pub fn time_and_id_in(name: &str) -> Option<&str> {
    let mut times_and_ids = name.match_indices('_').filter_map(|(at, _)| name.get(at + 1..at + 1 + TIME_AND_ID_BYTES));
    times_and_ids.find(|time_and_id| is_time_and_id(time_and_id))
}

fn is_time_and_id(time_and_id: &str) -> bool {
    let Some((time, id)) = time_and_id.split_once('_') else { return false };
    id.len() == 36
        && uuid::Uuid::try_parse(id).is_ok()
        && chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S%.3fZ").is_ok()
}

/// Returns the part of a name that begins with the time. It follows the area.
pub(super) fn after_area(name: &str) -> &str {
    let before_id = name.rfind('_').unwrap_or(0);
    name[..before_id].rfind('_').map_or(name, |at| &name[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_records_are_recognised() {
        const ID: &str = "01a21351-ff9b-736d-ac9d-0e7e3264969e";
        assert!(is_record_file_name(&format!("rg_flow_20251227T043000.000Z_{ID}.json")));
        for name in [
            "rg_flow_20251227_043000.json".to_owned(),
            "latest.json".to_owned(),
            format!("rg_flow_20251227T043000.000Z_{ID}.json.bak"),
            format!("rg_flow_20251327T043000.000Z_{ID}.json"),
            format!("20251227T043000.000Z_{ID}.json"),
            format!("_20251227T043000.000Z_{ID}.json"),
            format!(".rg_flow_20251227T043000.000Z_{ID}.json"),
            format!("rg_flow_20251227T043000.000Z_{}.json", ID.replace('-', "")),
            format!("Copy of rg_flow_20251227T043000.000Z_{ID}.json"),
        ] {
            assert!(!is_record_file_name(&name), "{name}");
        }
    }
}
