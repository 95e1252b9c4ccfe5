//! Python strings. They may contain lone surrogates, for example in file names that are no UTF-8.

use std::convert::Infallible;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::from_python::to_utf8;

/// The text of any object, with lone surrogates escaped.
pub(crate) struct Text(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Text(match object.cast::<PyString>() {
            Ok(text) => to_utf8(&text).into_owned(),
            Err(_) => object.str().map_or_else(|_| String::new(), |text| to_utf8(&text).into_owned()),
        }))
    }
}
