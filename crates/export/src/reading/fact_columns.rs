//! The columns of an exported file that are no parameters.

use chrono::{DateTime, Utc};
use corpus::{FailedRun, RunFacts, RunOutcome, Session};
use uuid::Uuid;

use crate::names::column_name::FINGERPRINT;
use crate::rows::stored_rows::{StoredRows, StoredValues};

/// The facts of all rows. Each column is searched once.
pub(super) struct FactColumns<'a> {
    pub(super) theoretical_ref: TextColumn<'a>,
    pub(super) session: TextColumn<'a>,
    outcome: TextColumn<'a>,
    ended: &'a [Option<i64>],
    duration_s: &'a [Option<f64>],
    host: TextColumn<'a>,
    rank: &'a [Option<f64>],
    job_id: TextColumn<'a>,
    package: TextColumn<'a>,
    version: TextColumn<'a>,
    commit: TextColumn<'a>,
    failure_id: TextColumn<'a>,
    category: TextColumn<'a>,
    fingerprint: TextColumn<'a>,
    error_type: TextColumn<'a>,
    error_message: TextColumn<'a>,
}

/// The texts of a column. An absent column has none.
#[derive(Clone, Copy)]
pub(super) struct TextColumn<'a>(&'a [Option<Box<str>>]);

impl<'a> TextColumn<'a> {
    pub(super) fn of(rows: &'a StoredRows, name: &str) -> Self {
        match rows.column(name).map(|column| &column.values) {
            Some(StoredValues::Texts(values)) => TextColumn(values),
            _ => TextColumn(&[]),
        }
    }

    pub(super) fn get(self, row: usize) -> Option<&'a str> {
        self.0.get(row)?.as_deref()
    }

    fn owned(self, row: usize) -> Option<String> {
        self.get(row).map(str::to_owned)
    }
}

impl<'a> FactColumns<'a> {
    pub(super) fn of(rows: &'a StoredRows) -> Self {
        let text = |name| TextColumn::of(rows, name);
        FactColumns {
            theoretical_ref: text("theoretical_ref"),
            session: text("session"),
            outcome: text("outcome"),
            ended: times(rows, "ended"),
            duration_s: numbers(rows, "duration_s"),
            host: text("host"),
            rank: numbers(rows, "rank"),
            job_id: text("job_id"),
            package: text("package"),
            version: text("version"),
            commit: text("commit"),
            failure_id: text("failure_id"),
            category: text("category"),
            fingerprint: text(FINGERPRINT),
            error_type: text("error_type"),
            error_message: text("error_message"),
        }
    }

    /// The end of a run.
    pub(super) fn ended(&self, row: usize) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros((*self.ended.get(row)?)?)
    }

    /// The facts of a run. It belongs to the first session and has no failure.
    pub(super) fn run(&self, row: usize) -> RunFacts {
        let outcome = self.outcome.get(row).and_then(RunOutcome::from_name);
        let mut run = RunFacts::new(outcome.unwrap_or(RunOutcome::Unknown));
        run.ended = self.ended(row);
        run.duration_s = self.duration_s.get(row).copied().flatten().unwrap_or(f64::NAN);
        run
    }

    pub(super) fn session(&self, row: usize) -> Session {
        let mut session = Session::new(self.session.get(row).unwrap_or_default());
        session.host = self.host.owned(row);
        let rank = self.rank.get(row).copied().flatten();
        session.rank = rank.filter(|rank| *rank >= 0.0).map(|rank| rank as u64);
        session.job_id = self.job_id.owned(row);
        session.package = self.package.owned(row);
        session.version = self.version.owned(row);
        session.git_commit = self.commit.owned(row);
        session
    }

    pub(super) fn failure(&self, row: usize) -> Option<FailedRun> {
        let id = self.failure_id.get(row).and_then(|id| Uuid::try_parse(id).ok());
        if id.is_none() && self.fingerprint.get(row).is_none() {
            return None;
        }
        let mut failure = FailedRun::default();
        failure.id = id;
        failure.category = self.category.owned(row);
        failure.fingerprint = self.fingerprint.owned(row);
        failure.error_type = self.error_type.owned(row);
        failure.error_message = self.error_message.owned(row);
        Some(failure)
    }
}

fn numbers<'a>(rows: &'a StoredRows, name: &str) -> &'a [Option<f64>] {
    match rows.column(name).map(|column| &column.values) {
        Some(StoredValues::Numbers(values)) => values,
        _ => &[],
    }
}

fn times<'a>(rows: &'a StoredRows, name: &str) -> &'a [Option<i64>] {
    match rows.column(name).map(|column| &column.values) {
        Some(StoredValues::Times(values)) => values,
        _ => &[],
    }
}
