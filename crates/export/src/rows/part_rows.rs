//! The rows of a part before they are written.

use std::borrow::Cow;

use crate::names::column_name::ColumnKind;

type NumberValues<'a> = Box<dyn Fn(usize) -> Option<f64> + Send + Sync + 'a>;
type TextValues<'a> = Box<dyn Fn(usize) -> Option<Cow<'a, str>> + Send + Sync + 'a>;
type TimeValues<'a> = Box<dyn Fn(usize) -> Option<i64> + Send + Sync + 'a>;

/// The values of a column, by row.
pub(crate) enum ColumnValues<'a> {
    Numbers(NumberValues<'a>),
    Texts(TextValues<'a>),
    Times(TimeValues<'a>),
}

/// A column of a part. Its values are computed when they are written.
pub(crate) struct PartColumn<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) values: ColumnValues<'a>,
}

impl<'a> PartColumn<'a> {
    pub(crate) fn numbers(
        name: impl Into<Cow<'a, str>>,
        values: impl Fn(usize) -> Option<f64> + Send + Sync + 'a,
    ) -> Self {
        PartColumn { name: name.into(), values: ColumnValues::Numbers(Box::new(values)) }
    }

    pub(crate) fn texts(
        name: impl Into<Cow<'a, str>>,
        values: impl Fn(usize) -> Option<Cow<'a, str>> + Send + Sync + 'a,
    ) -> Self {
        PartColumn { name: name.into(), values: ColumnValues::Texts(Box::new(values)) }
    }

    pub(crate) fn times(
        name: impl Into<Cow<'a, str>>,
        values: impl Fn(usize) -> Option<i64> + Send + Sync + 'a,
    ) -> Self {
        PartColumn { name: name.into(), values: ColumnValues::Times(Box::new(values)) }
    }

    pub(crate) fn kind(&self) -> ColumnKind {
        ColumnKind::of(&self.name)
    }

    /// Returns the text of a row, if this is a column of texts.
    pub(crate) fn text(&self, row: usize) -> Option<Cow<'a, str>> {
        match &self.values {
            ColumnValues::Texts(values) => values(row),
            _ => None,
        }
    }
}

/// The rows of a part.
#[derive(Default)]
pub(crate) struct PartRows<'a> {
    pub(crate) columns: Vec<PartColumn<'a>>,
    pub(crate) len: usize,
}

impl<'a> PartRows<'a> {
    pub(crate) fn column(&self, name: &str) -> Option<&PartColumn<'a>> {
        self.columns.iter().find(|column| column.name == name)
    }
}
