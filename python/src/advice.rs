//! Advice of language models.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::create_exception;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tracing_failure::record::{Amendment, amend_failure};
use tracing_failure_advice::{Advice, Advisor, Model, ModelOptions, Prompt, Provider};

use crate::{reading, to_python};

create_exception!(tracing_failure, AdviceError, PyRuntimeError, "The reason why a language model gave no advice.");

/// The model to ask, and options.
#[derive(FromPyObject)]
pub(crate) struct AdviceRequest {
    /// A function from the question to the answer. `provider` and `model` are its names.
    #[pyo3(item)]
    function: Option<Py<PyAny>>,
    #[pyo3(item)]
    provider: Option<String>,
    #[pyo3(item)]
    model: Option<String>,
    #[pyo3(item)]
    base_url: Option<String>,
    #[pyo3(item)]
    fresh: bool,
    #[pyo3(item)]
    redact: bool,
}

/// Asks about the record in the file `path`. `save` adds the answer to the file.
#[pyfunction]
pub(crate) fn ask_model<'py>(
    record: &Bound<'py, PyAny>,
    path: Option<PathBuf>,
    request: AdviceRequest,
    save: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let py = record.py();
    let failure = reading::failure(record)?;
    let dir = path.as_deref().and_then(|path| path.parent());
    let dir = dir.map(|dir| if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir.to_owned() });
    let function_error = Arc::new(Mutex::new(None));
    let result = py.detach(|| {
        let advisor = Advisor::new(model(&request, &function_error)?).fresh(request.fresh);
        let advisor = if request.redact { advisor } else { advisor.redact(false) };
        let advisor = match dir {
            Some(dir) => advisor.dir(dir),
            None => advisor,
        };
        let advice = advisor.advise(&failure)?;
        if save && let Some(path) = path {
            amend_failure(path, &failure, &Amendment::of_suggestions(advice.suggestions()))?;
        }
        Ok(advice)
    });
    if let (Err(_), Some(error)) = (&result, function_error.lock().ok().and_then(|mut error| error.take())) {
        return Err(error);
    }
    answer_dict(py, &result.map_err(|error| python_error(&error))?)
}

/// The model. An exception of a function is stored in `function_error`.
fn model(
    request: &AdviceRequest,
    function_error: &Arc<Mutex<Option<PyErr>>>,
) -> Result<Model, tracing_failure_advice::AdviceError> {
    if let Some(function) = &request.function {
        let function = Python::attach(|py| function.clone_ref(py));
        let function_error = Arc::clone(function_error);
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "function".to_owned());
        return Ok(Model::from_fn(name(&request.provider), name(&request.model), move |prompt| {
            call_function(&function, prompt).map_err(|error| {
                let text = error.to_string();
                *function_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                text.into()
            })
        }));
    }
    let mut options = ModelOptions::new();
    options.provider = request.provider.as_deref().and_then(Provider::from_name);
    options.model = request.model.clone();
    options.base_url = request.base_url.clone();
    Model::new(&options.or_env()?)
}

fn call_function(function: &Py<PyAny>, prompt: &Prompt) -> PyResult<String> {
    Python::attach(|py| {
        let function = function.bind(py);
        answer_text(&function.call1((prompt.to_string(),))?, function)
    })
}

/// The answer of a function. It must be a `str`.
fn answer_text(answer: &Bound<'_, PyAny>, function: &Bound<'_, PyAny>) -> PyResult<String> {
    answer.extract::<String>().map_err(|_| {
        let name = function.getattr("__qualname__").and_then(|name| name.extract::<String>());
        let name = name.or_else(|_| function.repr().map(|text| text.to_string())).unwrap_or_default();
        let kind = answer.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!("{name} returned {kind}: it has to return the model's answer as a str"))
    })
}

fn answer_dict<'py>(py: Python<'py>, advice: &Advice) -> PyResult<Bound<'py, PyDict>> {
    let answer = &advice.answer;
    let fixes: Vec<_> = answer.fixes.iter().map(|fix| (&fix.change, &fix.location, &fix.reason, &fix.code)).collect();
    let dict = PyDict::new(py);
    dict.set_item("root_cause", &answer.root_cause)?;
    dict.set_item("fixes", fixes)?;
    dict.set_item("confidence", answer.confidence.name())?;
    dict.set_item("provider", &advice.provider)?;
    dict.set_item("model", &advice.model)?;
    dict.set_item("tokens", advice.tokens)?;
    dict.set_item("is_cached", advice.is_cached)?;
    dict.set_item("cache_error", &advice.cache_error)?;
    dict.set_item("suggestions", to_python::object(py, &advice.suggestions())?)?;
    Ok(dict)
}

/// The error with the names of Python arguments in place of the command's options.
fn python_error(error: &tracing_failure_advice::AdviceError) -> PyErr {
    let mut text = format!("{error:#}");
    for (option, argument) in [
        ("--base-url", "base_url="),
        ("--provider openai", "provider=\"openai\""),
        ("--provider", "provider="),
        ("--model", "model="),
        ("--fresh", "fresh=True"),
    ] {
        text = text.replace(option, argument);
    }
    AdviceError::new_err(text)
}
