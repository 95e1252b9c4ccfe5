//! Python strings. They may contain lone surrogates, for example in file names that are no UTF-8.

use std::convert::Infallible;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::from_python::{keep_if_signal, to_utf8};

/// The text of any object, with lone surrogates escaped. It is empty if the object has none.
pub(crate) struct Text(pub(crate) String);

/// Returns the longest beginning of a text with at most this many bytes.
pub(crate) fn beginning(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

/// Returns the text, or its beginning and an ellipsis if it has more bytes.
pub(crate) fn truncate(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes { text.to_owned() } else { format!("{}…", beginning(text, max_bytes)) }
}

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Infallible> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Text(to_utf8(&text).into_owned()));
        }
        Ok(Text(match object.str() {
            Ok(text) => to_utf8(&text).into_owned(),
            Err(error) => {
                keep_if_signal(object.py(), error);
                String::new()
            }
        }))
    }
}
