//! The attribute `computation` of `tracing-failure`.

mod arguments;
mod capture;
mod exits;
mod expansion;
mod fields;
mod future;
mod item;
mod options;
mod outcome;
mod place;
mod return_type;
mod source_text;

use proc_macro::TokenStream;

use options::Options;

/// Makes a function a computation: its failures are recorded with its arguments and its theoretical reference.
///
/// ```
/// use tracing_failure::{Check, Failure, computation, ensure_converged, ensure_finite, trail};
///
/// #[derive(Debug, serde::Serialize)]
/// struct Options { tol: f64, max_iterations: usize }
///
/// #[computation("IRH v21.4 Part 2 §4.1, Eq. 4.7")]
/// fn pole_mass(start: f64, options: &Options, gap: impl Fn(f64) -> f64) -> Result<f64, Check> {
///     let (mut m, mut residual) = (start, f64::NAN);
///     for iteration in 0..options.max_iterations {
///         residual = gap(m);
///         trail!(iteration, m, residual);
///         ensure_finite!(residual)?;
///         m -= residual / (2.0 * m);
///     }
///     ensure_converged!(residual.abs() <= options.tol, iterations = options.max_iterations)?;
///     Ok(m)
/// }
///
/// # let io = std::env::temp_dir().join(format!("tracing-failure-computation-{}", std::process::id()));
/// let _guard = tracing_failure::init(&io)?; // "io" in a program
/// let options = Options { tol: 1e-12, max_iterations: 50 };
/// assert!(pole_mass(2.0, &options, |m| m * m - 2.25).is_ok());
/// assert!(pole_mass(2.0, &options, |m| m * m + 0.75).is_err());
///
/// let failure = Failure::from_path(io.join("failures/latest.json"))?;
/// assert_eq!(failure.computation, "pole_mass");
/// assert_eq!(failure.parameters.to_string(), r#"{"start":2.0,"options":{"tol":1e-12,"max_iterations":50}}"#);
/// assert_eq!(failure.context.trail[0].seen, 50);
/// # std::fs::remove_dir_all(&io)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The attribute expands to an ordinary `tracing` span and, if the function fails, to an ordinary ERROR event, so that
/// other layers see both. It applies to functions and methods, also to generic, recursive and `async` ones, to
/// functions that return `impl Trait`, and to implementations of traits, also with `async_trait`.
///
/// # Options
///
/// The theoretical reference comes first. It may be missing if a span around the function has a field
/// `theoretical_ref`.
///
/// | option | meaning |
/// | --- | --- |
/// | `name = "…"` | the name of the computation; the name of the function by default |
/// | `skip(a, b)`, `skip_all` | arguments that are no parameters |
/// | `fields(rtol = options.rtol, ?grid)` | more parameters, evaluated on entry, in the syntax of `tracing::span!` |
/// | `category = "…"` | the category of its failures, one of the names of `Category` |
/// | `none_is_failure` | `None` is a failure |
/// | `finite` | a returned number, vector or array that is not finite is a failure; the type implements `check::Finite` |
/// | `fail_if = \|solution\| !solution.converged` | a returned value that satisfies the predicate is a failure |
/// | `level`, `target`, `parent`, `follows_from` | as in `#[tracing::instrument]`; the level is INFO by default |
/// | `crate = path` | the path of this library, if it has another name |
///
/// `finite` and `fail_if` test the value inside `Ok`, if the function returns a `Result`. They record the failure; the
/// function still returns the value. The predicate of `fail_if` returns a `bool`, or a reason: an `Option` or a
/// `Result<(), _>` with a text.
///
/// # Parameters
///
/// Every argument becomes a parameter, except `self`, functions and closures. The type of the argument decides how:
///
/// | argument | captured | from |
/// | --- | --- | --- |
/// | numbers, booleans, strings, references to them, `Option` of them | on entry, as fields of the span | the value |
/// | other references and `Copy` values: slices, arrays, tuples, `&Options` | when the function fails | `Serialize`, otherwise `Debug` |
/// | `Vec`, `VecDeque`, `Box<[f64]>`, `&mut [f64]`, matrices, if their entries are numbers | on entry | a summary in constant time: shape, the first and the last 8 entries |
/// | other collections | on entry | the length |
/// | ranges of numbers | on entry | a copy |
/// | another value that the function owns or borrows mutably | – | a text that names its type, if it implements `Serialize` or `Debug` |
/// | a value of a type that implements neither | – | nothing |
///
/// No `Serialize` or `Debug` runs while the function does not fail. If there is a log, numbers, texts and plain values
/// of at most 16 entries are written into the line with which a successful call ends. A reference shows the value that
/// it has at the time of the failure; this differs from the value on entry only if the type is mutable through a shared
/// reference, such as a `Cell`. To record a structure that the function owns, pass a reference to it, or write
/// `fields(options = ?options)`, which formats it on every call.
///
/// The features `nalgebra`, `ndarray` and `faer` of this library summarise the vectors and matrices of these crates.
///
/// # Outcomes
///
/// | end of the function | outcome in the log | record |
/// | --- | --- | --- |
/// | `Ok`, or a value that passes its tests | `ok` | no |
/// | `Err` | `failed` | the error with its type and its sources |
/// | a value that fails a test | `failed` | the test, and for `fail_if` the returned value in `context.event` |
/// | a panic | `failed` | the panic |
/// | an `async` function that is dropped before it returns | `cancelled` | no |
///
/// An ERROR event inside the function is recorded as well, with all arguments. If the function then returns an error,
/// the second record names the first one in `caused_by`, unless the error is the same. A `None` directly after the
/// event has no record of its own.
///
/// The panic hook records numbers and their slices and summaries. Other arguments need code of your program, which must
/// not run inside a panic hook: they are added to the record while the panic unwinds the function. They are missing if
/// the program aborts on panics. A process that is killed writes no record.
///
/// # Costs
///
/// A call costs as much as a span with the same numbers and texts, and a line if there is a log. A reference costs the
/// copy of a pointer, and a vector its summary, whatever their size. A `Copy` value that is passed by value is copied
/// once more. Annotate solvers and integrations, not a right-hand side that runs thousands of times.
///
/// `Location::caller()` inside an annotated function with `#[track_caller]` is the place of the attribute.
#[proc_macro_attribute]
pub fn computation(options: TokenStream, function: TokenStream) -> TokenStream {
    let expanded = item::parse(function.clone())
        .and_then(|function| expansion::expand(&syn::parse::<Options>(options)?, function));
    match expanded {
        Ok(expanded) => expanded.into(),
        // The function stays as it is, so that the code that calls it causes no further errors.
        Err(error) => TokenStream::from_iter([error.into_compile_error().into(), function]),
    }
}
