//! The one room with `unsafe`: answering a dispatcher that asks for a type.
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

use crate::layer::capture::Capture;

/// A pointer to what was asked for, if it is one of the things that a [`FailureLayer`](super::FailureLayer) holds.
///
/// An `ErrorLayer` answers for what `SpanTrace` needs, and does nothing else: spans cost nothing for it.
pub(super) fn find<L: 'static, S>(
    layer: &L,
    capture: &Capture,
    error_layer: &ErrorLayer<S, FieldText>,
    id: TypeId,
) -> Option<*const ()>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if id == TypeId::of::<L>() {
        return Some(std::ptr::from_ref(layer).cast());
    }
    if id == TypeId::of::<Capture>() {
        return Some(std::ptr::from_ref(capture).cast());
    }
    // An `ErrorLayer` of ours must not pass for one that the user has put into the stack.
    if id == TypeId::of::<ErrorLayer<S, FieldText>>() {
        return None;
    }
    // SAFETY: the contract of `downcast_raw` is that the pointer it returns is of the type that was asked for and
    // lives as long as `self`. The inner layer keeps it for its own fields, and lives inside of the outer layer.
    unsafe { error_layer.downcast_raw(id) }
}

/// Lets a SpanTrace that is printed later show the fields of this span.
///
/// Only where no other layer is in the stack: it could hold the lock on the extensions on this very thread.
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

/// How the fields of a span are shown in a SpanTrace. Nothing is formatted by it: the texts are put into the spans when
/// a failure is recorded in them.
#[derive(Debug)]
pub(super) struct FieldText;

impl FormatFields<'_> for FieldText {
    fn format_fields<R: RecordFields>(&self, _: Writer<'_>, _: R) -> fmt::Result {
        Ok(())
    }
}
