//! The one room with `unsafe`: answering a dispatcher that asks for a type.
#![allow(unsafe_code)]

use std::any::TypeId;

use tracing::Subscriber;
use tracing_error::ErrorLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::Capture;
use super::layer::FieldText;

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
