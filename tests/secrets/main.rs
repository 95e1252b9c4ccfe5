//! The detector of secrets, from outside: texts, records and log lines.

mod false_positives;
mod forms;
mod properties;
mod records;

#[path = "../support/mod.rs"]
mod support;
