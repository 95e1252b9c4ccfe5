//! The subscribers. Each is a registry with one layer, and receives events from DEBUG on.

use std::any::Any;
use std::fs::File;
use std::path::Path;

use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_error::ErrorLayer;
use tracing_failure::{Guard, Successes, builder};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Identity;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

/// The reference: a registry with an empty layer. A registry without layers never frees its spans.
pub(crate) const NOOP: &str = "noop";
pub(crate) const ERROR_LAYER: &str = "ErrorLayer";
pub(crate) const FMT_JSON: &str = "fmt JSON";
pub(crate) const FAILURE_LAYER: &str = "failure layer";
pub(crate) const WITH_LOG: &str = "failure layer with log";
/// With a log that contains only closing lines of computations.
pub(crate) const WITH_CLOSING_LINES: &str = "failure layer with closing lines";
pub(crate) const WITH_SUCCESSES: &str = "failure layer with details of successes";

/// A subscriber, and the guard that has to live as long.
pub(crate) struct Subscriber {
    pub(crate) dispatch: Dispatch,
    _guard: Box<dyn Any>,
}

impl Subscriber {
    pub(crate) fn new(name: &str, dir: &Path) -> Self {
        match name {
            NOOP => Self::with(Identity::new(), ()),
            ERROR_LAYER => Self::with(ErrorLayer::default(), ()),
            FMT_JSON => {
                let file = File::create(dir.join("fmt.jsonl")).expect("the temporary directory is writable");
                let writer = tracing_appender::non_blocking::NonBlockingBuilder::default().lossy(false);
                let (writer, guard) = writer.finish(file);
                Self::with(tracing_subscriber::fmt::layer().json().with_writer(writer), guard)
            }
            FAILURE_LAYER => {
                let (layer, guard) = failure_layer(dir);
                Self::with(layer, guard)
            }
            WITH_LOG => {
                let (layer, guard) =
                    builder(dir).log_filter("debug").layer().expect("the temporary directory is writable");
                Self::with(layer, guard)
            }
            WITH_CLOSING_LINES => Self::with_closing_lines(Successes::default(), dir),
            WITH_SUCCESSES => {
                let mut successes = Successes::default();
                (successes.arguments, successes.trail) = (true, true);
                Self::with_closing_lines(successes, dir)
            }
            other => panic!("no subscriber {other:?}"),
        }
    }

    fn with_closing_lines(successes: Successes, dir: &Path) -> Self {
        let builder = builder(dir).log_filter("off").successes(successes);
        let (layer, guard) = builder.layer().expect("the temporary directory is writable");
        Self::with(layer, guard)
    }

    fn with<L>(layer: L, guard: impl Any) -> Self
    where
        L: Layer<tracing_subscriber::layer::Layered<LevelFilter, tracing_subscriber::Registry>> + Send + Sync,
    {
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(LevelFilter::DEBUG).with(layer));
        Self { dispatch, _guard: Box::new(guard) }
    }
}

pub(crate) fn failure_layer<S>(dir: &Path) -> (impl Layer<S> + Send + Sync, Guard)
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    builder(dir).without_log().stderr_notice(false).layer().expect("the temporary directory is writable")
}
