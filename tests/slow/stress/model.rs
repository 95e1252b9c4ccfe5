//! Threads that open, enter, record, fail and close at random, beside a simple model of what their records must say.

use std::collections::BTreeMap;
use std::path::Path;

use tracing::span::EnteredSpan;
use tracing::{Span, debug, error, field, info, info_span};
use tracing_failure::record::TrailEntry;
use tracing_failure::{Failure, Value, builder};

use crate::support::in_child_with;

const THREADS: u64 = 4;
const ACTIONS: usize = 4_000;
const FIRST: usize = 8;
const LAST: usize = 248;

/// A small generator, so that a seed says everything (xorshift64*: Vigna, ACM TOMS 42, 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }
}

/// What the model knows of a computation.
#[derive(Clone, Default)]
struct Model {
    steps: Vec<u64>,
    residuals: Vec<u64>,
    words: Vec<u64>,
}

/// What the records of failures must say, by the number that each failure bears.
type Expected = BTreeMap<u64, Model>;

struct Worker {
    random: Random,
    next: u64,
    /// The spans it is in, each with its computation; any of them may be left first.
    inside: Vec<(EnteredSpan, usize)>,
    computations: Vec<(Span, Model)>,
    expected: Expected,
    /// Whether some of its steps are in spans inside a computation.
    has_helpers: bool,
}

impl Worker {
    fn new(thread: u64, seed: u64) -> Self {
        let random = Random(seed.wrapping_mul(1_000_003) + thread + 1);
        let next = thread * 1_000_000_000;
        let has_helpers = seed > 1;
        Worker { random, next, inside: Vec::new(), computations: Vec::new(), expected: Expected::new(), has_helpers }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn act(&mut self) {
        match self.random.below(100) {
            0..6 => self.open(),
            6..12 => self.leave(),
            12..18 if self.has_helpers => self.enter_helper(),
            18..70 => self.step(),
            70..80 => self.record_late(),
            80..90 => self.say(),
            90..93 => self.fail(),
            93..95 => (0..300).for_each(|_| self.step()),
            _ => self.enter_another(),
        }
    }

    fn open(&mut self) {
        let name = format!("computation {}", self.computations.len());
        let span = info_span!("solve", computation = name, theoretical_ref = "§1", residual = field::Empty);
        self.computations.push((span.clone(), Model::default()));
        self.inside.push((span.entered(), self.computations.len() - 1));
    }

    fn leave(&mut self) {
        if !self.inside.is_empty() {
            let which = self.random.below(self.inside.len() as u64) as usize;
            // Of a span that was entered twice, the later entry ends first: so it is in the registry.
            let id = self.inside[which].0.id();
            let last = self.inside.iter().rposition(|(span, _)| span.id() == id);
            drop(self.inside.remove(last.unwrap_or(which)));
        }
    }

    fn enter_helper(&mut self) {
        if let Some(computation) = self.current_computation() {
            self.inside.push((info_span!("helper", depth = self.inside.len()).entered(), computation));
        }
    }

    fn enter_another(&mut self) {
        if !self.computations.is_empty() && self.inside.len() < 80 {
            let which = self.random.below(self.computations.len() as u64) as usize;
            self.inside.push((self.computations[which].0.clone().entered(), which));
        }
    }

    /// A span that is entered a second time does not become the current one.
    fn current_computation(&self) -> Option<usize> {
        let inside = &self.inside;
        let is_first = |place: usize| inside[..place].iter().all(|(span, _)| span.id() != inside[place].0.id());
        let current = (0..inside.len()).rfind(|place| is_first(*place))?;
        Some(inside[current].1)
    }

    fn current(&mut self) -> Option<&mut Model> {
        let computation = self.current_computation()?;
        Some(&mut self.computations[computation].1)
    }

    fn step(&mut self) {
        let step = self.number();
        debug!(step, half = 0.5, "step");
        if let Some(model) = self.current() {
            model.steps.push(step);
        }
    }

    fn record_late(&mut self) {
        if self.computations.is_empty() {
            return;
        }
        let residual = self.number();
        let which = self.random.below(self.computations.len() as u64) as usize;
        let (span, model) = &mut self.computations[which];
        span.record("residual", residual);
        model.residuals.push(residual);
    }

    fn say(&mut self) {
        let word = self.number();
        info!("word {word}");
        if let Some(model) = self.current() {
            model.words.push(word);
        }
    }

    fn fail(&mut self) {
        let number = self.number();
        let Some(model) = self.current().cloned() else { return };
        self.expected.insert(number, model);
        error!(number, "failed");
    }
}

fn write_expected(dir: &Path, expected: &Expected) {
    let rows = expected.iter().map(|(number, model)| (number, [&model.steps, &model.residuals, &model.words]));
    std::fs::write(dir.join("expected"), serde_json::to_vec(&rows.collect::<Vec<_>>()).unwrap()).unwrap();
}

fn read_expected(dir: &Path) -> Expected {
    let rows: Vec<(u64, [Vec<u64>; 3])> =
        serde_json::from_slice(&std::fs::read(dir.join("expected")).unwrap()).unwrap();
    let model = |[steps, residuals, words]: [Vec<u64>; 3]| Model { steps, residuals, words };
    rows.into_iter().map(|(number, lists)| (number, model(lists))).collect()
}

fn first_and_last(all: &[u64]) -> Vec<u64> {
    let head = all.len().min(FIRST);
    let tail = head.max(all.len().saturating_sub(LAST));
    [&all[..head], &all[tail..]].concat()
}

fn numbers(column: Option<&Value>) -> Vec<u64> {
    let values = column.and_then(Value::as_list).unwrap_or_default();
    values.iter().map(|value| value.as_f64().unwrap() as u64).collect()
}

fn check(failure: &Failure, model: &Model) {
    let trail = &failure.context.trail;
    let steps: Vec<&TrailEntry> = trail.iter().filter(|entry| entry.message.as_deref() == Some("step")).collect();
    let late = trail.iter().find(|entry| entry.span.is_some());
    assert_eq!(late.map_or(0, |entry| entry.seen), model.residuals.len() as u64);
    assert_eq!(numbers(late.and_then(|entry| entry.columns.get("residual"))), first_and_last(&model.residuals));
    assert_eq!(steps.iter().map(|entry| entry.seen).sum::<u64>(), model.steps.len() as u64);
    match steps[..] {
        [only] => assert_eq!(numbers(only.columns.get("step")), first_and_last(&model.steps)),
        // Events in helper spans have entries of their own.
        _ => steps.iter().for_each(|entry| check_part(entry, &model.steps)),
    }
    let messages: Vec<&str> = failure.context.breadcrumbs.iter().map(|breadcrumb| &*breadcrumb.message).collect();
    let words: Vec<String> = model.words.iter().map(|word| format!("word {word}")).collect();
    assert_eq!(messages, words[words.len().saturating_sub(32)..]);
}

/// The rows of an entry that holds some of the steps are steps, in their order, and all others of it are counted.
fn check_part(entry: &TrailEntry, steps: &[u64]) {
    let rows = numbers(entry.columns.get("step"));
    assert_eq!(entry.seen, entry.dropped + rows.len() as u64);
    let mut later = steps.iter();
    assert!(rows.iter().all(|row| later.any(|step| step == row)), "{rows:?}");
}

#[test]
fn every_record_matches_the_model() {
    for seed in ["1", "2"] {
        let run = in_child_with(
            |command| {
                command.env("SEED", seed);
            },
            |dir| {
                let seed: u64 = std::env::var("SEED").unwrap().parse().unwrap();
                let _guard = builder(dir).log_filter("off").stderr_notice(false).init().unwrap();
                let work = |thread| {
                    let mut worker = Worker::new(thread, seed);
                    (0..ACTIONS).for_each(|_| worker.act());
                    worker.expected
                };
                let expected = std::thread::scope(|scope| {
                    let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
                    threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
                });
                write_expected(dir, &expected);
            },
        );
        let run = run.ok();
        let expected = read_expected(run.dir());
        let failures = run.failures();
        assert!(expected.len() > 100, "{} failures", expected.len());
        assert_eq!(failures.len(), expected.len());
        for failure in failures {
            let number = failure.context.event.get("number").and_then(Value::as_f64).unwrap() as u64;
            check(&failure, &expected[&number]);
        }
    }
}

/// One computation, in which several threads work at once while it fails again and again.
#[test]
fn a_computation_shared_by_many_threads_loses_no_events() {
    let run = in_child_with(
        |_| (),
        |dir| {
            let _guard = builder(dir).log_filter("off").stderr_notice(false).init().unwrap();
            let span = info_span!("solve", computation = "shared", theoretical_ref = "§1");
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let span = &span;
                    scope.spawn(move || {
                        let _entered = span.enter();
                        for step in 0..20_000_u64 {
                            debug!(thread, step, "step");
                            if step % 5_000 == 4_999 {
                                error!(thread, step, "failed meanwhile");
                            }
                        }
                    });
                }
            });
            span.in_scope(|| error!("failed at last"));
        },
    );
    let failures = run.ok().failures();
    assert_eq!(failures.len(), 4 * THREADS as usize + 1);
    for failure in &failures {
        let steps = failure.context.trail.iter().find(|entry| entry.message.as_deref() == Some("step")).unwrap();
        assert!(steps.elapsed_s.is_sorted());
        assert_eq!(steps.seen, steps.dropped + steps.elapsed_s.len() as u64);
        let threads = numbers(steps.columns.get("thread"));
        let by_thread = |thread| {
            let rows = threads.iter().zip(numbers(steps.columns.get("step")));
            rows.filter(|(of, _)| **of == thread).map(|(_, step)| step).collect::<Vec<_>>()
        };
        for thread in 0..THREADS {
            assert!(by_thread(thread).is_sorted(), "{:?}", by_thread(thread));
        }
        if let Some(thread) = failure.context.event.get("thread").and_then(Value::as_f64) {
            let at = failure.context.event.get("step").and_then(Value::as_f64).unwrap() as u64;
            assert!(by_thread(thread as u64).iter().all(|step| *step <= at), "nothing of later");
        }
    }
    let last = failures.last().unwrap();
    let steps = last.context.trail.iter().find(|entry| entry.message.as_deref() == Some("step")).unwrap();
    assert_eq!((steps.seen, steps.elapsed_s.len()), (20_000 * THREADS, FIRST + LAST));
}
