//! Texts of Python, which can hold what no file can: halves of characters, as in names of files that are no UTF-8.

use std::convert::Infallible;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::from_python;

/// A text, whatever it was: what is no Unicode in it is replaced.
pub(crate) struct Text(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Text(match object.cast::<PyString>() {
            Ok(text) => text.to_string_lossy().into_owned(),
            Err(_) => from_python::text(&object),
        }))
    }
}
