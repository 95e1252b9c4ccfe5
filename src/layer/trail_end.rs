//! Finds the last iteration in the trail of a computation, for a check that fails.

use crate::check::failed::TrailEnd;
use crate::layer::layer_core::LayerCore;
use crate::observe::callsite_table;
use crate::observe::span_stack;
use crate::observe::span_stack::Current;
use crate::observe::thread::Busy;
use crate::observe::trail::lane::Lane;
use crate::observe::trail::objects::Objects;
use crate::observe::trail::paths::callsite_of;
use crate::observe::trail::ring_request::holds_texts;
use crate::observe::trail::rows::Columns;
use record::Value;

/// Names of columns with the number of an iteration, by precedence.
const ITERATION_COLUMNS: &[&str] = &["iteration", "iter", "it", "step", "sweep", "cycle", "epoch", "n", "k"];

impl LayerCore {
    /// Returns the iteration in the last row from this source file, in the lane of this thread.
    pub(crate) fn trail_end(file: &str) -> Option<TrailEnd> {
        let _busy = Busy::enter()?;
        Self::with_current(|core, _, _| {
            let Current::Span(current) = span_stack::current(core.id) else { return None };
            core.with_lane(current, |lease| last_iteration(lease.lane(), file)).flatten()
        })
        .flatten()
    }
}

fn last_iteration(lane: &Lane, file: &str) -> Option<TrailEnd> {
    let keys = lane.rings().map(|ring| ring.key).filter(|key| !holds_texts(*key));
    let ends = keys.filter_map(|key| {
        let callsite = callsite_table::describe(callsite_of(key))?;
        if callsite.location.file.as_deref() != Some(file) {
            return None;
        }
        let rows = lane.snapshot_of(key)?;
        let columns = Columns::from_tag(rows.shape.tag);
        let (_, row) = rows.rows().last()?;
        let value = |name: &&'static str| {
            let column = callsite.columns.iter().position(|known| known == name)?;
            match columns.value(row, column, &Objects::default())? {
                Value::Int(iteration) => Some(TrailEnd { column: name, iteration }),
                _ => None,
            }
        };
        Some((Columns::tick(row), ITERATION_COLUMNS.iter().find_map(value)?))
    });
    ends.max_by_key(|(tick, _)| *tick).map(|(_, end)| end)
}
