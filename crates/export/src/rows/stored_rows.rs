//! The rows of a part that exists.

use crate::names::column_name::ColumnKind;

/// The values of a column, by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StoredValues {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<Box<str>>>),
    Times(Vec<Option<i64>>),
}

impl StoredValues {
    pub(crate) fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Number => StoredValues::Numbers(Vec::new()),
            ColumnKind::Text | ColumnKind::Json => StoredValues::Texts(Vec::new()),
            ColumnKind::Time => StoredValues::Times(Vec::new()),
        }
    }

    /// Appends missing values until the column has this number of rows.
    pub(crate) fn extend_missing(&mut self, len: usize) {
        match self {
            StoredValues::Numbers(values) => values.resize(len, None),
            StoredValues::Texts(values) => values.resize(len, None),
            StoredValues::Times(values) => values.resize(len, None),
        }
    }

    /// Appends the values of another column. The name determines the type, so both have the same.
    #[cfg(feature = "parquet")]
    fn append(&mut self, other: StoredValues) {
        match (self, other) {
            (StoredValues::Numbers(values), StoredValues::Numbers(other)) => values.extend(other),
            (StoredValues::Texts(values), StoredValues::Texts(other)) => values.extend(other),
            (StoredValues::Times(values), StoredValues::Times(other)) => values.extend(other),
            _ => {}
        }
    }

    /// Appends the value that a text means. Returns false if the text is not of the type of the column.
    pub(crate) fn push_text(&mut self, text: &str) -> bool {
        match self {
            StoredValues::Numbers(values) => text.parse().map(|number| values.push(Some(number))).is_ok(),
            StoredValues::Texts(values) => {
                values.push(Some(text.into()));
                true
            }
            StoredValues::Times(values) => {
                let time = chrono::DateTime::parse_from_rfc3339(text);
                time.map(|time| values.push(Some(time.timestamp_micros()))).is_ok()
            }
        }
    }
}

/// A column of a part that exists.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredColumn {
    pub(crate) name: String,
    pub(crate) values: StoredValues,
}

/// The rows of a part that exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StoredRows {
    pub(crate) columns: Vec<StoredColumn>,
    pub(crate) len: usize,
}

impl StoredRows {
    /// Returns the position of a column. A new column is appended, with missing values for the rows so far.
    pub(crate) fn position(&mut self, name: &str) -> usize {
        match self.columns.iter().position(|column| column.name == name) {
            Some(position) => position,
            None => {
                let mut values = StoredValues::new(ColumnKind::of(name));
                values.extend_missing(self.len);
                self.columns.push(StoredColumn { name: name.to_owned(), values });
                self.columns.len() - 1
            }
        }
    }

    /// Ends a row: columns without a value get a missing one.
    pub(crate) fn end_row(&mut self) {
        self.len += 1;
        for column in &mut self.columns {
            column.values.extend_missing(self.len);
        }
    }

    pub(crate) fn column(&self, name: &str) -> Option<&StoredColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns the text of a row, if the column has texts.
    pub(crate) fn text(&self, name: &str, row: usize) -> Option<&str> {
        match &self.column(name)?.values {
            StoredValues::Texts(values) => values.get(row)?.as_deref(),
            _ => None,
        }
    }

    /// Appends the rows of another file.
    #[cfg(feature = "parquet")]
    pub(crate) fn append(&mut self, other: StoredRows) {
        for column in other.columns {
            let position = self.position(&column.name);
            self.columns[position].values.append(column.values);
        }
        self.len += other.len;
        for column in &mut self.columns {
            column.values.extend_missing(self.len);
        }
    }
}
