//! Conflict copies that synchronising programs create in the directory of a record. A copy is no second failure.

use std::collections::{HashMap, HashSet};

use super::names::{LATEST_NAME, is_area, is_record_file_name, split_name, time_and_id_in};

/// Beginnings of the word for "conflict" in the languages of Dropbox, ownCloud and Nextcloud, in lower case.
const CONFLICT_WORDS: &[&str] = &["confli", "konfli", "konflik", "конфлик", "конфлік", "競合", "冲突", "衝突", "충돌"];

/// Returns the names that are copies of other names, each with its original.
///
/// A name that contains the time and the id of another is a copy of it, whatever else it contains: `… (1).json`,
/// `…-LAPTOP.json`, `Copy of ….json`. Other names are copies only if they have the mark of a synchronising program.
pub fn copies<'n>(names: &[&'n str]) -> HashMap<&'n str, &'n str> {
    let mut suspects: Vec<&str> = names.iter().copied().filter(|name| is_suspect(name)).collect();
    if suspects.is_empty() {
        return HashMap::new();
    }
    // The shortest comes first: it represents the failure if several copies have no original.
    suspects.sort_by_key(|name| (name.len(), *name));
    let all: HashSet<&str> = names.iter().copied().collect();
    let originals = names.iter().copied().filter(|name| is_record_file_name(name));
    let mut times_and_ids: HashMap<&str, &str> =
        originals.filter_map(|name| Some((time_and_id_in(name)?, name))).collect();
    let mut copies = HashMap::new();
    for name in suspects {
        let original = match time_and_id_in(name) {
            Some(time_and_id) => Some(*times_and_ids.entry(time_and_id).or_insert(name)),
            None => original_of(name, &all),
        };
        copies.extend(original.filter(|original| *original != name).map(|original| (name, original)));
    }
    copies
}

/// Returns true if a name may be a copy. Most names are rejected quickly.
fn is_suspect(name: &str) -> bool {
    !has_store_form(name) && (time_and_id_in(name).is_some() || decorations(name).next().is_some())
}

fn has_store_form(name: &str) -> bool {
    split_name(name).is_some_and(|(area, time_and_id)| {
        let (date, separator) = (&time_and_id.as_bytes()[..8], time_and_id.as_bytes()[20]);
        is_area(area) && separator == b'_' && date.iter().all(u8::is_ascii_digit)
    })
}

/// Returns the original of a conflict copy, if it exists. `latest.json` need not exist.
fn original_of<'n>(name: &'n str, all: &HashSet<&'n str>) -> Option<&'n str> {
    decorations(name).find_map(|stem| match stem {
        "latest" => Some(LATEST_NAME),
        stem => all.get(&*format!("{stem}.json")).copied(),
    })
}

/// Returns the name without its conflict mark, for each part that may be one.
fn decorations(name: &str) -> impl Iterator<Item = &str> {
    let stem = name.strip_suffix(".json").unwrap_or_default();
    let starts = stem.match_indices([' ', '.', '_']).map(|(at, _)| stem.split_at(at));
    starts.filter(|(before, mark)| !before.is_empty() && is_mark(mark)).map(|(before, _)| before)
}

/// Returns true for the mark of a conflict copy: ` (ada's conflicted copy 2026-11-30)`, ` [conflicted]`,
/// `.sync-conflict-20261130-101500-ABCDEFG` or `_conflict-20261130-101500`.
fn is_mark(mark: &str) -> bool {
    if mark.starts_with(" (") || mark.starts_with(" [") {
        let words = mark.to_lowercase();
        return words.ends_with([')', ']']) && CONFLICT_WORDS.iter().any(|word| words.contains(word));
    }
    let date = mark.strip_prefix(".sync-conflict-").or_else(|| mark.strip_prefix("_conflict-")).unwrap_or_default();
    let is_digits =
        |range| date.get(range).is_some_and(|digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()));
    is_digits(0..8) && date[8..].starts_with('-') && is_digits(9..15)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e";

    fn copies_of(original: &str, decorated: &[&str]) -> Vec<String> {
        let decorated: Vec<String> = decorated.iter().map(|name| name.replace('@', original) + ".json").collect();
        let original = format!("{original}.json");
        let names: Vec<&str> = decorated.iter().map(String::as_str).chain([&*original]).collect();
        let copies = copies(&names);
        assert!(copies.values().all(|of| *of == original), "{copies:?}");
        let mut found: Vec<String> = copies.into_keys().map(str::to_owned).collect();
        found.sort();
        found
    }

    const CONFLICTS: &[&str] = &[
        "@ (ada's conflicted copy 2026-11-30)",
        "@ (conflicted copy 2026-11-30 101500)",
        "@ (Case Conflict)",
        "@ (In Konflikt stehende Kopie von ada 2026-11-30)",
        "@ (Copie en conflit de ada 2026-11-30)",
        "@ (ada の競合コピー 2026-11-30)",
        "@ (SFConflict ada@example.org 2026-11-30-10-15-00)",
        "@ [conflicted]",
        "@.sync-conflict-20261130-101500-ABCDEFG",
        "@.sync-conflict-20261130-101500-ABCDEFG.sync-conflict-20261201-101500-ABCDEFG",
        "@_conflict-20261130-101500",
    ];

    #[test]
    fn names_identify_conflict_copies() {
        for original in [RECORD, "run (7)", "rg_flow_20251227_043000", "latest"] {
            assert_eq!(copies_of(original, CONFLICTS).len(), CONFLICTS.len(), "{original}");
        }
    }

    #[test]
    fn names_with_the_id_of_another_are_copies() {
        let decorated = ["@ (1)", "@-LAPTOP", "@ - Copy", "Copy of @", "@ 2", "@_1", "@.@"];
        assert_eq!(copies_of(RECORD, &decorated).len(), decorated.len());
    }

    #[test]
    fn other_names_are_no_copies() {
        let others = [
            "@ (1)",
            "@-LAPTOP",
            "@_conflict",
            "@ (run of 2026-11-30)",
            "conflict",
            "@.sync-conflict-x",
            "_conflict-20261130-101500",
        ];
        assert_eq!(copies_of("lock", &others), [""; 0]);
        let other_id = RECORD.replace("01a2", "01a3") + ".json";
        assert_eq!(copies_of(RECORD, &[other_id.trim_end_matches(".json")]), [""; 0]);
        assert!(copies(&["a (conflicted copy 2026-11-30 101500).json"]).is_empty(), "it has no original");
    }

    #[test]
    fn one_of_several_copies_replaces_a_missing_original() {
        let (one, other) = (format!("{RECORD} (1).json"), format!("{RECORD} (1) (1).json"));
        assert_eq!(copies(&[&other, &one]), HashMap::from([(&*other, &*one)]));
    }
}
