//! Names of parameters that the program chooses while it runs. The fields of a span have static names.

use std::collections::BTreeSet;

use record::{Map, Value};
use runtime::lock::Mutex;

/// Maximum number of names. They are never freed.
const MAX_NAMES: usize = 512;
/// Maximum number of bytes of a name.
const MAX_NAME_BYTES: usize = 128;
/// The name of all entries for which there is no room.
const REST: &str = "parameters";

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Returns the entries with static names. The rest becomes one entry.
pub(crate) fn name_entries(entries: Map) -> Vec<(&'static str, Value)> {
    let mut rest = Map::new();
    let mut named = Vec::new();
    for (name, value) in entries {
        match intern(&name) {
            Some(name) => named.push((name, value)),
            None => rest.insert(name, value),
        }
    }
    if !rest.is_empty() {
        named.push((REST, rest.into()));
    }
    named
}

fn intern(name: &str) -> Option<&'static str> {
    let mut names = NAMES.lock()?;
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if names.len() >= MAX_NAMES || name.len() > MAX_NAME_BYTES {
        return None;
    }
    let name = Box::leak(Box::<str>::from(name));
    names.insert(name);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stored_once_and_their_number_is_limited() {
        let address = |name| name_entries(Map::from_iter([(name, 1)]))[0].0.as_ptr();
        assert_eq!(address("mu"), address("mu"));
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        let many = (0..MAX_NAMES).map(|number| (format!("x{number}"), number as u64));
        let entries = name_entries(many.chain([(long.clone(), 7)]).collect());
        let (last, rest) = entries.last().unwrap();
        assert_eq!(*last, REST);
        let Value::Map(rest) = rest else { panic!("{rest}") };
        assert!(rest.len() >= 2 && rest.get(&long).is_some(), "{rest}");
        assert_eq!(entries.len() - 1 + rest.len(), MAX_NAMES + 1);
        assert_eq!(address("mu"), address("mu"));
    }
}
