//! Answers `downcast_raw`, which needs `unsafe`, and sets the fields that a SpanTrace prints.
#![allow(unsafe_code)]

use std::any::TypeId;
use std::fmt;

use tracing::{Dispatch, Subscriber, span};
use tracing_error::ErrorLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::layer::layer_core::LayerCore;

/// Returns a pointer to the requested type if the [`FailureLayer`](super::FailureLayer) holds a value of it.
///
/// The inner `ErrorLayer` answers the requests of `SpanTrace`. Its other callbacks are never called, so it costs
/// nothing per span.
pub(super) fn find<L: 'static, S>(
    layer: &L,
    core: &LayerCore,
    error_layer: &ErrorLayer<S, FieldText>,
    id: TypeId,
) -> Option<*const ()>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if id == TypeId::of::<L>() {
        return Some(std::ptr::from_ref(layer).cast());
    }
    if id == TypeId::of::<LayerCore>() {
        return Some(std::ptr::from_ref(core).cast());
    }
    // The inner `ErrorLayer` must not pass for one that the user put into the stack.
    if id == TypeId::of::<ErrorLayer<S, FieldText>>() {
        return None;
    }
    // SAFETY: `downcast_raw` returns a pointer to the requested type that is valid as long as its `self`. The inner
    // layer points to its own fields and lives inside the outer layer.
    unsafe { error_layer.downcast_raw(id) }
}

/// Sets the fields of a span that a SpanTrace prints later.
///
/// Call it only if no other layer is in the stack: another layer could hold the lock on the extensions on this thread.
pub(super) fn show_fields<'a, S: LookupSpan<'a>>(span: Option<SpanRef<'a, S>>, text: String) {
    if let Some(span) = span {
        span.extensions_mut().replace(FormattedFields::<FieldText>::new(text));
    }
}

pub(super) fn show<S>(dispatch: &Dispatch, id: u64, text: String)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if let Some(subscriber) = dispatch.downcast_ref::<S>() {
        show_fields(subscriber.span(&span::Id::from_u64(id)), text);
    }
}

/// The formatter of the fields in a SpanTrace. It formats nothing: the text is set when a failure is recorded in the
/// span.
#[derive(Debug)]
pub(super) struct FieldText;

impl FormatFields<'_> for FieldText {
    fn format_fields<R: RecordFields>(&self, _: Writer<'_>, _: R) -> fmt::Result {
        Ok(())
    }
}
