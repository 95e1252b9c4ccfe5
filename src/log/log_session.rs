//! The session of a log, and the line that describes it.

use record::internal::json_writer::{write_json, write_name};
use record::{Context, Map, Value};

/// The message of the line that describes a session.
const MESSAGE: &str = "session";

/// The session id of a log, and the facts about the process that each file of closing lines begins with. Successful
/// computations have no record that would name the host or the commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogSession {
    pub(crate) id: String,
    /// The entries of the line after its timestamp, with a comma before each.
    entries: Vec<u8>,
}

impl LogSession {
    /// Creates a session from the context that all its records share.
    pub(crate) fn new(id: String, context: &Context) -> Self {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let process = context.process.as_deref();
        let build = context.build.as_ref();
        let facts = [
            ("level", Some("INFO".into())),
            ("target", Some("tracing_failure".into())),
            ("message", Some(MESSAGE.into())),
            ("session_id", Some(id.as_str().into())),
            ("host", process.and_then(|process| text(&process.host))),
            ("rank", context.rank.map(Value::from)),
            ("job_id", text(&context.job_id)),
            ("package", build.and_then(|build| text(&build.package))),
            ("version", build.and_then(|build| text(&build.version))),
            ("git_commit", build.and_then(|build| text(&build.git_commit))),
        ];
        let facts = Map::from_iter(facts.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let mut entries = Vec::new();
        for (name, value) in facts.iter() {
            entries.push(b',');
            write_name(&mut entries, name, false);
            write_json(&mut entries, value);
        }
        LogSession { id, entries }
    }

    /// Puts the line that describes the session before other lines, with the time of the first of them.
    pub(super) fn describe(&self, lines: &mut Vec<u8>) {
        let is_timed = lines.starts_with(br#"{"timestamp":"#);
        let Some(end) = lines.iter().position(|&byte| byte == b',').filter(|_| is_timed && !self.entries.is_empty())
        else {
            return;
        };
        let line = [&lines[..end], &self.entries, b"}\n"].concat();
        lines.splice(..0, line);
    }
}
