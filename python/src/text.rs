//! Python strings. They may contain lone surrogates, for example in file names that are no UTF-8.

use std::convert::Infallible;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::from_python::to_utf8;
use crate::signals::keep_if_signal;

/// The text of any object, with lone surrogates escaped. It is empty if the object has none.
pub(crate) struct Text(pub(crate) String);

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
