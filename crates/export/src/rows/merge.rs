//! Adds the runs of an existing part that the corpus does not contain any more.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use corpus::RunId;

use super::part_rows::{ColumnValues, PartColumn, PartRows};
use super::stored_rows::{StoredRows, StoredValues};
use crate::names::column_name::{FINGERPRINT, RUN_ID};

/// The rows of a merged part.
pub(crate) struct MergePlan {
    /// Rows of the corpus.
    new: Vec<u32>,
    /// Rows of the existing part.
    old: Vec<u32>,
    /// Number of kept runs that the corpus does not contain.
    pub(crate) kept_runs: usize,
}

impl MergePlan {
    /// Returns true if the existing part adds nothing.
    pub(crate) fn is_replacement(&self) -> bool {
        self.old.is_empty()
    }
}

/// Chooses between the rows of the corpus and those of the existing part. A run that only the part has is kept. A run
/// that both have is that of the corpus, unless its record is gone: then only the part has its fingerprint.
pub(crate) fn plan_merge(new: &PartRows<'_>, old: &StoredRows) -> MergePlan {
    let mut has_fingerprint = HashMap::with_capacity(new.len);
    let (ids, fingerprints) = (new.column(RUN_ID), new.column(FINGERPRINT));
    let mut text = Vec::new();
    let mut id_of = |row| {
        text.clear();
        ids.filter(|column| column.write_text(row, &mut text))?;
        RunId::parse(std::str::from_utf8(&text).ok()?)
    };
    let mut unused = Vec::new();
    for row in 0..new.len {
        if let Some(id) = id_of(row) {
            has_fingerprint.insert(id, fingerprints.is_none_or(|column| column.write_text(row, &mut unused)));
            unused.clear();
        }
    }
    let (mut kept, mut preferred, mut lost) = (Vec::new(), HashSet::new(), 0);
    for row in 0..old.len {
        // A row without an id is not of this program.
        let Some(id) = old.text(RUN_ID, row).and_then(RunId::parse) else { continue };
        match has_fingerprint.get(&id) {
            Some(false) if old.text(FINGERPRINT, row).is_some() => {
                preferred.insert(id);
            }
            Some(_) => continue,
            None => lost += 1,
        }
        kept.push(row as u32);
    }
    let is_new = |row: &u32| preferred.is_empty() || id_of(*row as usize).is_none_or(|id| !preferred.contains(&id));
    MergePlan { new: (0..new.len as u32).filter(is_new).collect(), old: kept, kept_runs: lost }
}

/// Returns the rows of a plan, those of the corpus first.
pub(crate) fn merge<'a, 'b>(new: &'b PartRows<'a>, old: &'b StoredRows, plan: &'b MergePlan) -> PartRows<'b>
where
    'a: 'b,
{
    let mut names: Vec<Cow<'b, str>> = new.columns.iter().map(|column| column.name.clone()).collect();
    for column in &old.columns {
        if !names.iter().any(|name| *name == column.name) {
            names.push(Cow::Borrowed(&column.name));
        }
    }
    let columns = names.into_iter().map(|name| {
        let new_values = new.column(&name).map(|column| &column.values);
        let old_values = old.columns.iter().find(|column| column.name == name).map(|column| &column.values);
        merged_column(name, new_values, old_values, plan)
    });
    PartRows { columns: columns.collect(), len: plan.new.len() + plan.old.len() }
}

/// The place of a row of a merged part.
enum RowPlace {
    New(usize),
    Old(usize),
}

fn merged_column<'a, 'b>(
    name: Cow<'b, str>,
    new: Option<&'b ColumnValues<'a>>,
    old: Option<&'b StoredValues>,
    plan: &'b MergePlan,
) -> PartColumn<'b>
where
    'a: 'b,
{
    let place = |row: usize| match plan.new.get(row) {
        Some(&row) => RowPlace::New(row as usize),
        None => RowPlace::Old(plan.old[row - plan.new.len()] as usize),
    };
    // The name determines the type, so both have the same.
    let is_kind = |is_new: fn(&ColumnValues<'_>) -> bool, is_old: fn(&StoredValues) -> bool| {
        new.is_some_and(is_new) || old.is_some_and(is_old)
    };
    if is_kind(|v| matches!(v, ColumnValues::Numbers(_)), |v| matches!(v, StoredValues::Numbers(_))) {
        PartColumn::numbers(name, move |row| match (place(row), new, old) {
            (RowPlace::New(row), Some(ColumnValues::Numbers(values)), _) => values(row),
            (RowPlace::Old(row), _, Some(StoredValues::Numbers(values))) => values[row],
            _ => None,
        })
    } else if is_kind(|v| matches!(v, ColumnValues::Times(_)), |v| matches!(v, StoredValues::Times(_))) {
        PartColumn::times(name, move |row| match (place(row), new, old) {
            (RowPlace::New(row), Some(ColumnValues::Times(values)), _) => values(row),
            (RowPlace::Old(row), _, Some(StoredValues::Times(values))) => values[row],
            _ => None,
        })
    } else {
        PartColumn::written_texts(name, move |row, buffer| match (place(row), new, old) {
            (RowPlace::New(row), Some(ColumnValues::Texts(write)), _) => write(row, buffer),
            (RowPlace::Old(row), _, Some(StoredValues::Texts(values))) => {
                let text = values[row].as_deref();
                buffer.extend_from_slice(text.unwrap_or_default().as_bytes());
                text.is_some()
            }
            _ => false,
        })
    }
}
