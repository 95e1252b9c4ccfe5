//! The subscribers. Each receives events from DEBUG on, and keeps events and the fields of spans if it can.

use std::any::Any;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use faultbox::BasicRedactor;
use opentelemetry::InstrumentationScope;
use opentelemetry_appender_tracing::layer::{OpenTelemetryTracingBridge, TracingSpanAttributes};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};
use sentry::{Envelope, Transport, TransportFactory, TransportOptions};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_flight_recorder::{FlightRecorder, FlightRecorderLayer, LevelTrigger};
use tracing_subscriber::layer::Identity;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry};

pub const NOOP: &str = "noop";
pub const FAILURE: &str = "tracing-failure";
pub const FAILURE_LOG: &str = "tracing-failure, log on";
pub const FLIGHT_RECORDER: &str = "tracing-flight-recorder";
pub const SENTRY: &str = "sentry";
pub const FAULTBOX: &str = "faultbox";
const SPANS: &str = "tracing-error";
const ROOTCAUSE: &str = "rootcause-tracing";
const OPENTELEMETRY: &str = "opentelemetry-appender";
const JSON: &str = "json-subscriber";
const FMT: &str = "fmt JSON";

pub const ALL: [&str; 11] =
    [NOOP, FAILURE, SPANS, ROOTCAUSE, FLIGHT_RECORDER, SENTRY, FAULTBOX, OPENTELEMETRY, FMT, JSON, FAILURE_LOG];

/// The capacity of all rings in events. It is the default of Sentry.
pub const RING: usize = 100;

/// Returns true if the subscriber writes a log line for each event.
pub fn writes_lines(name: &str) -> bool {
    [FMT, JSON, FAILURE_LOG].contains(&name)
}

/// Sets the global subscriber. The returned guard must live as long as the subscriber is used.
pub fn install(name: &str, dir: &Path) -> Box<dyn Any> {
    match name {
        NOOP => global(Identity::new(), ()),
        FAILURE => failure(dir),
        SPANS => global(tracing_error::ErrorLayer::default(), ()),
        ROOTCAUSE => global(rootcause_tracing::RootcauseLayer, ()),
        FLIGHT_RECORDER => flight_recorder(dir),
        SENTRY => sentry_layers(),
        FAULTBOX => faultbox_layer(dir),
        OPENTELEMETRY => opentelemetry_layer(),
        FMT => {
            let (writer, guard) = lines(dir);
            global(tracing_subscriber::fmt::layer().json().with_writer(writer), guard)
        }
        JSON => {
            let (writer, guard) = lines(dir);
            global(json_subscriber::layer().with_writer(writer), guard)
        }
        FAILURE_LOG => failure_log(dir),
        _ => panic!("no subscriber {name:?}"),
    }
}

/// The level is a separate layer: a per-layer filter would add its cost to every span.
fn global(layer: impl Layer<Registry> + Send + Sync, guard: impl Any) -> Box<dyn Any> {
    let subscriber = tracing_subscriber::registry().with(layer).with(LevelFilter::DEBUG);
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber of the process");
    assert_eq!(LevelFilter::current(), LevelFilter::DEBUG);
    Box::new(guard)
}

fn failure(dir: &Path) -> Box<dyn Any> {
    let (layer, guard) = tracing_failure::builder(dir).without_log().stderr_notice(false).layer().unwrap();
    global(layer, guard)
}

fn failure_log(dir: &Path) -> Box<dyn Any> {
    let (layer, guard) = tracing_failure::builder(dir).log_filter("trace").stderr_notice(false).layer().unwrap();
    global(layer, LosslessLog(guard))
}

/// Asserts that the log lost no line: losing lines would be cheap.
struct LosslessLog(tracing_failure::Guard);

impl Drop for LosslessLog {
    fn drop(&mut self) {
        self.0.flush();
        assert_eq!(self.0.stats().log_lines_lost, 0);
    }
}

fn flight_recorder(dir: &Path) -> Box<dyn Any> {
    let recorder = FlightRecorder::new(RING);
    let layer = FlightRecorderLayer::new(recorder).with_dump_on(LevelTrigger::error(), dir, "dump", 10);
    global(layer, ())
}

fn sentry_layers() -> Box<dyn Any> {
    use sentry::integrations::tracing::{BreadcrumbLayer, SpanLayer};
    let options = sentry::ClientOptions::new()
        .dsn("https://key@localhost/1")
        .transport(NoTransport)
        .traces_sample_rate(1.0)
        .max_breadcrumbs(RING)
        .attach_stacktrace(true);
    let guard = sentry::init(options);
    global(SpanLayer::new().and_then(BreadcrumbLayer::new().enable_span_attributes()), guard)
}

/// A transport that sends nothing.
struct NoTransport;

impl TransportFactory for NoTransport {
    fn create_transport_with_options(&self, _: TransportOptions) -> Arc<dyn Transport> {
        Arc::new(NoTransport)
    }
}

impl Transport for NoTransport {
    fn send_envelope(&self, envelope: Envelope) {
        drop(envelope);
    }
}

fn faultbox_layer(dir: &Path) -> Box<dyn Any> {
    let config = faultbox::Config::new("peers", "0.0.0", dir)
        .breadcrumb_capacity(RING)
        .redactor(Box::new(BasicRedactor::new()))
        .install_panic_hook(false);
    assert!(faultbox::init(config));
    global(faultbox::BreadcrumbLayer::new().min_level(Level::DEBUG), ())
}

fn opentelemetry_layer() -> Box<dyn Any> {
    let provider = SdkLoggerProvider::builder().with_log_processor(NoExporter).build();
    let bridge = OpenTelemetryTracingBridge::builder(&provider)
        .with_tracing_span_attributes(TracingSpanAttributes::all())
        .build();
    global(bridge, provider)
}

#[derive(Debug)]
struct NoExporter;

impl LogProcessor for NoExporter {
    fn emit(&self, _: &mut SdkLogRecord, _: &InstrumentationScope) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
}

fn lines(dir: &Path) -> (NonBlocking, WorkerGuard) {
    let file = File::create(dir.join("lines.jsonl")).unwrap();
    NonBlockingBuilder::default().lossy(false).finish(file)
}
