//! A list of the live layers of this process, for code that runs outside of layer callbacks.
//!
//! `Dispatch::downcast_ref` does not find a layer inside `reload::Layer` or another wrapper that hides it. Each layer
//! is therefore listed here and remembers the subscriber that delivers to it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::layer::layer_core::LayerCore;
use crate::observe::span_path::SpanKey;
use crate::observe::span_stack;
use crate::observe::span_stack::Current;
use runtime::lock::Mutex;
use runtime::stderr;

/// Maximum number of listed layers. Further layers are found only through `downcast_ref`.
const MAX_LISTED: usize = 256;
/// Maximum number of live layers that are listed without an allocation.
const MAX_UNALLOCATED: usize = 8;
/// Maximum number of spans in a path that is read from the open spans.
const MAX_SPANS: usize = 256;

/// The number of listed layers. Dropped layers count until the next one is listed.
static LISTED: AtomicUsize = AtomicUsize::new(0);
/// True if one of them has a log.
static ANY_HAS_LOG: AtomicBool = AtomicBool::new(false);
static LIVE: Mutex<Vec<Weak<LayerCore>>> = Mutex::new(Vec::new());

/// Registers a layer until it is dropped.
pub(super) fn register(core: &Arc<LayerCore>) {
    let Some(mut live) = LIVE.lock() else { return };
    live.retain(|listed| listed.strong_count() > 0);
    if live.len() < MAX_LISTED {
        live.push(Arc::downgrade(core));
    }
    LISTED.store(live.len(), Ordering::Relaxed);
    ANY_HAS_LOG.fetch_or(core.has_log, Ordering::Relaxed);
}

/// Returns true unless a thread uses the list.
pub(super) fn is_free() -> bool {
    LIVE.is_free()
}

/// Returns the live layers. It allocates only if there are many.
fn all() -> impl Iterator<Item = Arc<LayerCore>> {
    let mut first: [Option<Arc<LayerCore>>; MAX_UNALLOCATED] = Default::default();
    let mut others = Vec::new();
    if let Some(live) = LIVE.lock() {
        let mut layers = live.iter().filter_map(Weak::upgrade);
        first.iter_mut().zip(&mut layers).for_each(|(place, core)| *place = Some(core));
        others.extend(layers);
    }
    first.into_iter().flatten().chain(others)
}

/// The relation between a dispatcher and a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    Yes,
    No,
    Unknown,
}

impl LayerCore {
    /// Returns true if a layer of this process may have a log.
    #[inline]
    pub(super) fn any_has_log() -> bool {
        ANY_HAS_LOG.load(Ordering::Relaxed)
    }

    /// Calls `look` with each layer that may belong to this dispatcher.
    #[inline]
    pub(super) fn for_each_of(dispatch: &Dispatch, look: impl Fn(&LayerCore)) {
        let listed = LISTED.load(Ordering::Relaxed);
        if listed == 0 {
            return;
        }
        match dispatch.downcast_ref::<LayerCore>() {
            Some(core) if listed == 1 => look(core),
            _ => all().filter(|core| core.delivery(dispatch) != Delivery::No).for_each(|core| look(&core)),
        }
    }

    /// Calls `look` with each layer of the current dispatcher and the spans around the caller, innermost first.
    pub(crate) fn for_each_current(mut look: impl FnMut(&LayerCore, Vec<SpanKey>, &Dispatch)) {
        tracing::dispatcher::get_default(|dispatch| {
            let mut found = false;
            let mut hidden = false;
            for core in all() {
                match core.delivery(dispatch) {
                    Delivery::Yes => {
                        found = true;
                        look(&core, core.current_path(dispatch), dispatch);
                    }
                    Delivery::Unknown => hidden = true,
                    Delivery::No => {}
                }
            }
            match dispatch.downcast_ref::<LayerCore>() {
                Some(core) if !found => look(core, core.current_path(dispatch), dispatch),
                None if hidden && !found => report_hidden_layer(),
                _ => {}
            }
        });
    }

    /// Calls `look` with the first layer of the current dispatcher and the spans around the caller, innermost first.
    /// Returns `None` if no [`FailureLayer`](super::FailureLayer) is installed.
    pub(crate) fn with_current<R>(look: impl FnOnce(&LayerCore, Vec<SpanKey>, &Dispatch) -> R) -> Option<R> {
        let mut look = Some(look);
        let mut result = None;
        Self::for_each_current(|core, path, dispatch| {
            if let Some(look) = look.take() {
                result = Some(look(core, path, dispatch));
            }
        });
        result
    }

    fn delivery(&self, dispatch: &Dispatch) -> Delivery {
        match self.subscriber.load(Ordering::Relaxed) {
            0 => self.delivery_by_span(dispatch),
            address if (self.subscriber_in)(dispatch) == Some(address) => Delivery::Yes,
            _ => Delivery::No,
        }
    }

    /// Decides by the current span whether a dispatcher delivers to this layer. This is needed if the layer does not
    /// know its subscriber, because it was put into a `reload::Layer` later or the subscriber hides it.
    fn delivery_by_span(&self, dispatch: &Dispatch) -> Delivery {
        let span = match span_stack::current(self.id) {
            Current::Span(current) => current.span,
            Current::None => return Delivery::No,
            Current::Unknown => return Delivery::Unknown,
        };
        let current = dispatch.current_span();
        match current.id() {
            Some(id) if id.into_u64() == span => Delivery::Yes,
            None if !current.is_known() && !dispatch.is::<NoSubscriber>() => Delivery::Yes,
            _ => Delivery::No,
        }
    }

    fn current_path(&self, dispatch: &Dispatch) -> Vec<SpanKey> {
        let path = dispatch.current_span().id().map(|id| (self.walk)(dispatch, id)).unwrap_or_default();
        if path.is_empty() { self.entered_path() } else { path }
    }

    /// Returns the spans that this thread is in, innermost first, from the span stack and the open spans.
    ///
    /// The registry does not know them while the thread ends: its thread-local is dropped before other destructors and
    /// `atexit` functions run. Spans without a computation and without fields are missing, because they are not
    /// tracked.
    pub(super) fn entered_path(&self) -> Vec<SpanKey> {
        let mut path: Vec<SpanKey> = Vec::new();
        for id in span_stack::spans(self.id) {
            if !path.iter().any(|(known, _)| *known == id) && !self.climb(id, &mut path) {
                break;
            }
        }
        path
    }

    /// Appends a span and its ancestors. Returns true if the last one may have an unknown parent.
    fn climb(&self, id: u64, path: &mut Vec<SpanKey>) -> bool {
        let mut next = Some(id);
        while let Some(id) = next
            && path.len() < MAX_SPANS
        {
            let known =
                self.open_spans.with(id, |open_span| (open_span.meta, open_span.parent, open_span.role.is_marked()));
            let Some((meta, parent, is_marked)) = known else { return true };
            path.push((id, meta));
            if parent.is_none() {
                return !is_marked;
            }
            next = parent;
        }
        false
    }
}

fn report_hidden_layer() {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    if !REPORTED.swap(true, Ordering::Relaxed) {
        stderr::print(format_args!(
            "tracing-failure: a failure is not recorded: the current subscriber hides the FailureLayer that it \
             contains. Put the layer directly into the stack, with `registry().with(layer)`. Further cases are not reported."
        ));
    }
}
