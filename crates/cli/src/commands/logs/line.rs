//! Lines of the runtime log.

use std::io::Write;

use anyhow::Result;
use chrono::{DateTime, Local, Utc};
use record::{Map, Value};
use serde::Deserialize;
use uuid::Uuid;

use crate::screen::{Screen, brief, one_line, paint, parameter};

/// The level of a line, most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Deserialize)]
pub(super) struct LogLine {
    pub(super) timestamp: DateTime<Utc>,
    pub(super) level: LogLevel,
    pub(super) session_id: Option<String>,
    pub(super) failure_id: Option<Uuid>,
    target: String,
    message: String,
    #[serde(default)]
    fields: Map,
    #[serde(default)]
    spans: Vec<LogSpan>,
    /// The name of a computation that has closed. Only lines about closed computations have this and the next fields.
    computation: Option<String>,
    #[serde(default)]
    parameters: Map,
    outcome: Option<String>,
    duration_s: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct LogSpan {
    name: String,
    #[serde(default)]
    fields: Map,
}

impl LogLine {
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns true for the first line of a file of closing lines.
    fn describes_session(&self) -> bool {
        self.message == "session" && self.target == "tracing_failure"
    }

    pub(super) fn matches(&self, level: LogLevel, span: Option<&str>) -> bool {
        let in_span = |text: &str| self.spans.iter().any(|span| span.name.contains(text));
        self.level <= level && span.is_none_or(in_span) && !self.describes_session()
    }

    /// Returns true if the event happened inside the computation of a closing line.
    pub(super) fn is_inside(&self, closing: &LogLine) -> bool {
        if self.failure_id.is_some() && self.failure_id == closing.failure_id {
            return true;
        }
        let Some(computation) = &closing.computation else { return false };
        // Other runs of the computation have other parameters.
        let is_of_run = |(name, value): (&str, &Value)| closing.parameters.get(name).is_none_or(|known| known == value);
        self.spans.iter().any(|span| {
            let named = span.fields.get("computation").and_then(Value::as_str);
            named == Some(computation) && span.fields.iter().all(is_of_run)
        })
    }

    /// Writes time, level, target, message, fields and spans.
    pub(super) fn write(&self, screen: &mut Screen) -> Result<()> {
        let time = self.timestamp.with_timezone(&Local).format("%H:%M:%S%.3f").to_string();
        let level = screen.paint(self.style(), &format!("{:5}", format!("{:?}", self.level).to_uppercase()));
        let (time, target) = (screen.paint(paint::FAINT, &time), screen.paint(paint::FAINT, &one_line(&self.target)));
        let mut line = format!("{time} {level} {target}: {}", one_line(&self.message));
        for (name, value) in self.fields.iter() {
            line.push_str(&format!(" {}={}", screen.paint(paint::NAME, &one_line(name)), parameter(value)));
        }
        if let Some(computation) = &self.computation {
            let outcome = match self.outcome.as_deref() {
                None | Some("unknown") => "with unknown outcome",
                Some(outcome) => outcome,
            };
            let duration = self.duration_s.map(brief);
            let duration = duration.map(|seconds| format!(" after {seconds} s")).unwrap_or_default();
            line.push_str(&format!(": {} {}{duration}", one_line(computation), one_line(outcome)));
        }
        let spans: Vec<String> = self.spans.iter().map(LogSpan::text).collect();
        if !spans.is_empty() {
            line.push_str(&screen.paint(paint::FAINT, &format!("  in {}", spans.join(" < "))));
        }
        Ok(writeln!(screen, "{line}")?)
    }

    fn style(&self) -> paint::Style {
        match self.level {
            LogLevel::Error => paint::ERROR,
            LogLevel::Warn => paint::KIND,
            LogLevel::Info => paint::GOOD,
            LogLevel::Debug | LogLevel::Trace => paint::FAINT,
        }
    }
}

impl LogSpan {
    /// `integrate{method=RK45}`
    fn text(&self) -> String {
        let fields: Vec<String> =
            self.fields.iter().map(|(name, value)| format!("{}={}", one_line(name), parameter(value))).collect();
        let name = one_line(&self.name);
        if fields.is_empty() { name.into_owned() } else { format!("{name}{{{}}}", fields.join(" ")) }
    }
}
