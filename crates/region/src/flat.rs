//! Nested parameters as a flat list: `opts.rtol`, `couplings[0]`.

use record::{Map, Value};

use crate::cell::Cell;

/// Maximum number of entries of an array.
const MAX_ARRAY_ENTRIES: usize = 64;
/// Maximum number of values.
const MAX_VALUES: usize = 512;

/// Returns the values of nested parameters under their paths, as the columns of a corpus are named. Entries of long
/// arrays are absent.
///
/// ```
/// use record::{Map, Value};
/// use tracing_failure_region::{Cell, flat_parameters};
///
/// let options = Map::from_iter([("rtol", Value::from(1e-6))]);
/// let parameters = Map::from_iter([("opts", Value::from(options)), ("g", vec![0.5, f64::NAN].into())]);
/// let flat = flat_parameters(&parameters);
/// assert_eq!(flat[0], ("opts.rtol".to_owned(), Cell::Number(1e-6)));
/// assert_eq!(flat[1].0, "g[0]");
/// ```
pub fn flat_parameters(parameters: &Map) -> Vec<(String, Cell<'_>)> {
    let mut flat = Vec::new();
    for (name, value) in parameters.iter() {
        flatten(name.to_owned(), value, &mut flat);
    }
    flat
}

fn flatten<'a>(name: String, value: &'a Value, flat: &mut Vec<(String, Cell<'a>)>) {
    if flat.len() >= MAX_VALUES {
        return;
    }
    match value {
        Value::List(values) if !values.is_empty() => {
            for (index, value) in values.iter().take(MAX_ARRAY_ENTRIES).enumerate() {
                flatten(format!("{name}[{index}]"), value, flat);
            }
        }
        Value::Map(map) if !map.is_empty() => {
            for (inner, value) in map.iter() {
                flatten(format!("{name}.{inner}"), value, flat);
            }
        }
        Value::String(text) => flat.push((name, Cell::Text(text))),
        Value::Bool(value) => flat.push((name, Cell::Bool(*value))),
        value => flat.push((name, value.as_f64().map_or(Cell::Missing, Cell::from))),
    }
}
