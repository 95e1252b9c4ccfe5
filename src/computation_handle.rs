//! `in_current_computation` and `ComputationHandle`: carry the current computation to other threads.

use std::marker::PhantomData;

use tracing::dispatcher::{self, DefaultGuard};
use tracing::span::{Entered, EnteredSpan};
use tracing::{Dispatch, Span, info_span};

use crate::layer::layer_core::LayerCore;
use crate::observe::span_stack;
use crate::observe::span_stack::Current;

/// Wraps a closure so that it runs inside the current computation, also on another thread.
///
/// A new thread has no current span, so its events and panics belong to no computation. The returned closure has the
/// same arguments and the same result, and enters the span that is current now. Trail rows, ERROR events,
/// [`record_failure`](crate::ResultExt::record_failure) and panics of the thread then belong to the computation, and
/// `context.thread` names the thread. Without a current span, the closure runs as before.
///
/// Call it on the thread of the computation. Inside `pool.install(|| …)`, the thread is another one already.
///
/// It is made for rayon, for [`std::thread::spawn`] and for `spawn_blocking` of tokio:
///
/// ```
/// use rayon::prelude::*;
/// use tracing::{debug, error, info_span};
/// use tracing_failure::{Failure, in_current_computation};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-carry-{}", std::process::id()));
/// # let _guard = tracing_failure::init(&dir)?;
/// fn relax(plaquette: u32) -> f64 {
///     debug!(plaquette, "relaxed"); // a row of the trail
///     if plaquette == 17 {
///         error!(plaquette, "the action is not finite");
///     }
///     f64::from(plaquette)
/// }
///
/// let span = info_span!("lattice", computation = "observable_action", theoretical_ref = "§2.3");
/// let action: f64 = span.in_scope(|| (0..64).into_par_iter().map(in_current_computation(relax)).sum());
/// assert_eq!(action, 2016.0);
///
/// let failure = Failure::from_path(dir.join("failures/latest.json"))?;
/// assert_eq!(failure.computation, "observable_action");
/// assert_eq!(failure.context.event.get("plaquette"), Some(&17.into()));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Closures
///
/// The function accepts closures and functions with up to two arguments. Without arguments, they have to be [`FnOnce`]
/// and [`Send`], as threads require. With arguments, they have to be [`Fn`], [`Send`] and [`Sync`], as rayon requires.
/// The function allocates once; the closure that it returns allocates nothing.
///
/// The compiler does not infer the type of an argument through a function. If the closure calls a method of an
/// argument, write the type of the argument, or use a [`ComputationHandle`], which has none of these limits:
///
/// ```
/// use rayon::prelude::*;
/// use tracing_failure::{ComputationHandle, in_current_computation};
///
/// let amplitudes = [0.5_f64, -2.0];
/// let largest = amplitudes.par_iter().map(in_current_computation(|x: &f64| x.abs())).reduce(|| 0.0, f64::max);
///
/// let computation = ComputationHandle::current();
/// let same = amplitudes.par_iter().map(|x| computation.in_scope(|| x.abs())).reduce(|| 0.0, f64::max);
/// assert_eq!((largest, same), (2.0, 2.0));
///
/// let thread = std::thread::spawn(in_current_computation(move || largest.sqrt()));
/// assert_eq!(thread.join().unwrap(), 2.0_f64.sqrt());
/// ```
///
/// A future is not a closure: use `tracing::Instrument` for tasks.
///
/// # Arguments of annotated functions
///
/// A record that another thread writes has the fields of the span, such as the numbers among the arguments. The other
/// arguments of an annotated function belong to its own thread: they are added to the record if the function fails too.
///
/// # The end of the computation
///
/// The closure holds a handle of the span, so the computation stays open until the closure is dropped. If a thread that
/// nobody joins outlives the function of the computation, the log line with the outcome follows when the thread ends. A
/// failure of the thread is then still a failure of the computation, whose outcome becomes `failed`, even if the
/// function stated success. If the process ends before the thread, the line is missing.
pub fn in_current_computation<'a, Signature, F>(closure: F) -> F::Carried
where
    F: CarriedClosure<'a, Signature>,
{
    closure.carried_in(ComputationHandle::current())
}

/// A closure that [`in_current_computation`] accepts.
///
/// The parameter `Signature` distinguishes closures by the number of their arguments and is always inferred. Do not
/// implement this trait outside of this crate.
///
/// ```
/// use tracing_failure::{CarriedClosure, in_current_computation};
///
/// fn run<'a, Signature, F, R>(closure: F) -> R
/// where
///     F: CarriedClosure<'a, Signature, Carried = Box<dyn FnOnce() -> R + Send + 'a>>,
/// {
///     in_current_computation(closure)()
/// }
///
/// assert_eq!(run(|| 7), 7);
/// ```
#[diagnostic::on_unimplemented(
    message = "`in_current_computation` cannot carry `{Self}` to another thread",
    label = "not a closure that other threads may call",
    note = "a closure without arguments has to be `FnOnce() -> R + Send`",
    note = "a closure with one or two arguments has to be `Fn(…) -> R + Send + Sync`",
    note = "`ComputationHandle::current().in_scope(…)` runs inside of any other closure"
)]
pub trait CarriedClosure<'a, Signature> {
    /// The closure that runs inside the computation.
    type Carried;

    #[doc(hidden)]
    fn carried_in(self, handle: ComputationHandle) -> Self::Carried;
}

#[doc(hidden)]
pub struct NoArgument<R>(PhantomData<R>);
#[doc(hidden)]
pub struct OneArgument<A, R>(PhantomData<(A, R)>);
#[doc(hidden)]
pub struct TwoArguments<A, B, R>(PhantomData<(A, B, R)>);

impl<'a, R, F: FnOnce() -> R + Send + 'a> CarriedClosure<'a, NoArgument<R>> for F {
    type Carried = Box<dyn FnOnce() -> R + Send + 'a>;

    fn carried_in(self, handle: ComputationHandle) -> Self::Carried {
        Box::new(move || handle.in_scope(self))
    }
}

impl<'a, A, R, F: Fn(A) -> R + Send + Sync + 'a> CarriedClosure<'a, OneArgument<A, R>> for F {
    type Carried = Box<dyn Fn(A) -> R + Send + Sync + 'a>;

    fn carried_in(self, handle: ComputationHandle) -> Self::Carried {
        Box::new(move |argument| handle.in_scope(|| self(argument)))
    }
}

impl<'a, A, B, R, F: Fn(A, B) -> R + Send + Sync + 'a> CarriedClosure<'a, TwoArguments<A, B, R>> for F {
    type Carried = Box<dyn Fn(A, B) -> R + Send + Sync + 'a>;

    fn carried_in(self, handle: ComputationHandle) -> Self::Carried {
        Box::new(move |first, second| handle.in_scope(|| self(first, second)))
    }
}

/// A handle of the computation in which it was created, for use on other threads.
///
/// It does the same as [`in_current_computation`] inside any closure: the compiler infers the types of the arguments,
/// and the closure may have any number of them, change its variables, and be cloned.
///
/// The computation stays open while the handle lives.
///
/// ```
/// use rayon::prelude::*;
/// use tracing_failure::ComputationHandle;
///
/// let grid = vec![vec![3.0, 4.0], vec![0.0, 2.0]];
/// let computation = ComputationHandle::current();
/// let largest = grid.par_iter().map(|row| {
///     computation.in_scope(|| row.iter().copied().fold(0.0, f64::max)) // events, errors and panics belong to it
/// });
/// assert_eq!(largest.collect::<Vec<f64>>(), [4.0, 2.0]);
/// ```
#[derive(Clone, Debug)]
pub struct ComputationHandle {
    span: Span,
    /// The dispatcher, unless it is the global one, which all threads have.
    scoped: Option<Dispatch>,
    /// The id of the layer that tracks the span, or 0 without a layer.
    layer: u64,
}

impl ComputationHandle {
    /// Returns a handle of the current computation: of the current span and its subscriber. Without a current span, the
    /// handle does nothing.
    ///
    /// ```
    /// let computation = tracing_failure::ComputationHandle::current();
    /// assert_eq!(computation.in_scope(|| 7), 7);
    /// ```
    #[must_use]
    pub fn current() -> Self {
        ComputationHandle {
            span: Span::current(),
            scoped: dispatcher::get_default(|dispatch| (!is_global(dispatch)).then(|| dispatch.clone())),
            layer: LayerCore::with_current(|core, _, _| core.id()).unwrap_or(0),
        }
    }

    /// Runs a closure inside the computation and returns its result.
    ///
    /// ```
    /// use tracing_failure::ComputationHandle;
    ///
    /// let computation = ComputationHandle::current();
    /// let thread = std::thread::spawn(move || computation.in_scope(|| 6 * 7));
    /// assert_eq!(thread.join().unwrap(), 42);
    /// ```
    #[inline]
    pub fn in_scope<R>(&self, run: impl FnOnce() -> R) -> R {
        let _entered = self.enter();
        run()
    }

    /// Enters the span until the returned value is dropped.
    #[inline]
    fn enter(&self) -> EnteredComputation<'_> {
        let dispatch = self.scoped.as_ref().map(dispatcher::set_default);
        EnteredComputation { _span: self.enter_span(), _dispatch: dispatch }
    }

    #[inline]
    fn enter_span(&self) -> EnteredScope<'_> {
        match span_stack::current(self.layer) {
            Current::Span(current) => self.enter_within(current.span),
            _ => EnteredScope::Span { _entered: self.span.enter() },
        }
    }

    /// Enters the span on a thread that is inside a span.
    fn enter_within(&self, current: u64) -> EnteredScope<'_> {
        let Some(id) = self.span.id().map(|id| id.into_u64()) else { return EnteredScope::None };
        if id == current {
            return EnteredScope::None;
        }
        if span_stack::is_inside(self.layer, id) {
            // A span that is entered twice does not become the current one, but its child does.
            let child = info_span!(target: "tracing_failure", parent: &self.span, "in_current_computation");
            if !child.is_disabled() {
                return EnteredScope::Child { _entered: child.entered() };
            }
        }
        EnteredScope::Span { _entered: self.span.enter() }
    }
}

/// Returns true for the global dispatcher, which all threads have. To set it again on each call would take longer.
fn is_global(dispatch: &Dispatch) -> bool {
    // There is no other way to ask. If the text changes, calls take longer, and do the same.
    format!("{dispatch:?}").starts_with("Dispatch::Global(")
}

/// Leaves the span, then the dispatcher.
struct EnteredComputation<'a> {
    _span: EnteredScope<'a>,
    _dispatch: Option<DefaultGuard>,
}

enum EnteredScope<'a> {
    None,
    Span { _entered: Entered<'a> },
    Child { _entered: EnteredSpan },
}
