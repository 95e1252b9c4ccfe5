//! What listens meanwhile. Each one sits in a registry that lets through what is of level DEBUG and above.

use std::any::Any;
use std::fs::File;
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Subscriber};
use tracing_error::ErrorLayer;
use tracing_failure::{Guard, builder};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Identity;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

/// An empty layer: a registry without any never frees its spans. It is what the others are compared with.
pub(crate) const NOOP: &str = "noop";
pub(crate) const ERROR_LAYER: &str = "ErrorLayer";
pub(crate) const FMT_JSON: &str = "fmt JSON";
pub(crate) const FAILURE_LAYER: &str = "failure layer";
pub(crate) const WITH_LOG: &str = "failure layer with log";

/// A subscriber, and what has to live as long.
pub(crate) struct Listening {
    pub(crate) dispatch: Dispatch,
    _kept: Box<dyn Any>,
}

pub(crate) fn listen(name: &str, dir: &Path) -> Listening {
    match name {
        NOOP => with(Identity::new(), ()),
        ERROR_LAYER => with(ErrorLayer::default(), ()),
        FMT_JSON => {
            let file = File::create(dir.join("fmt.jsonl")).expect("a directory of our own");
            let writer = tracing_appender::non_blocking::NonBlockingBuilder::default().lossy(false);
            let (writer, guard) = writer.finish(file);
            with(tracing_subscriber::fmt::layer().json().with_writer(writer), guard)
        }
        FAILURE_LAYER => {
            let (layer, guard) = failure_layer(dir);
            with(layer, guard)
        }
        WITH_LOG => {
            let (layer, guard) = builder(dir).log_filter("debug").layer().expect("a directory of our own");
            with(layer, guard)
        }
        other => panic!("no subscriber {other:?}"),
    }
}

pub(crate) fn failure_layer<S>(dir: &Path) -> (impl Layer<S> + Send + Sync, Guard)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    builder(dir).without_log().stderr_notice(false).layer().expect("a directory of our own")
}

fn with<L>(layer: L, kept: impl Any) -> Listening
where
    L: Layer<tracing_subscriber::layer::Layered<LevelFilter, tracing_subscriber::Registry>> + Send + Sync,
{
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(LevelFilter::DEBUG).with(layer));
    Listening { dispatch, _kept: Box::new(kept) }
}
