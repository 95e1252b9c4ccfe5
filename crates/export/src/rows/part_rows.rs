//! The rows of a part before they are written.

use std::borrow::Cow;

use crate::names::column_name::ColumnKind;

type NumberValues<'a> = Box<dyn Fn(usize) -> Option<f64> + Send + Sync + 'a>;
/// Appends the text of a row, and returns false if it is missing.
type TextValues<'a> = Box<dyn Fn(usize, &mut Vec<u8>) -> bool + Send + Sync + 'a>;
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
        values: impl Fn(usize) -> Option<&'a str> + Send + Sync + 'a,
    ) -> Self {
        Self::written_texts(name, move |row, buffer| {
            let text = values(row);
            buffer.extend_from_slice(text.unwrap_or_default().as_bytes());
            text.is_some()
        })
    }

    /// Creates a column of texts that are not in memory. The function appends the text of a row, or returns false.
    pub(crate) fn written_texts(
        name: impl Into<Cow<'a, str>>,
        write: impl Fn(usize, &mut Vec<u8>) -> bool + Send + Sync + 'a,
    ) -> Self {
        PartColumn { name: name.into(), values: ColumnValues::Texts(Box::new(write)) }
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

    /// Appends the text of a row. Returns false if it is missing, or if this is no column of texts.
    pub(crate) fn write_text(&self, row: usize, buffer: &mut Vec<u8>) -> bool {
        match &self.values {
            ColumnValues::Texts(write) => write(row, buffer),
            _ => false,
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
