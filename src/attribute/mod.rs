//! Runtime support of the attribute `computation`. The macro expands to calls of these items.
#![allow(missing_docs, reason = "these items are not part of the interface")]

pub(crate) mod argument_value;
pub(crate) mod array_shape;
pub(crate) mod call;
pub(crate) mod exit_line;
pub(crate) mod function_failure;
pub(crate) mod plain_data;
pub(crate) mod report_note;
pub(crate) mod result_test;
pub(crate) mod returned;
pub(crate) mod span_value;
pub(crate) mod summary;
