//! User rules. A rule may be a closure, so it runs on its own thread, with a timeout and inside `catch_unwind`.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use super::rule::{Rule, RuleFn};
use super::rule_match::RuleMatch;
use record::Failure;
use runtime::unwind::catch_panic;
use text::shorten;

/// Maximum run time of a rule.
const RULE_TIMEOUT: Duration = Duration::from_millis(20);
/// Maximum time until the thread starts. A busy machine may be slow.
const START_TIMEOUT: Duration = Duration::from_secs(1);
/// Consecutive timeouts after which a rule is disabled.
const MAX_TIMEOUTS: u8 = 3;
/// Maximum length of the text that a rule returns.
const MAX_TEXT_BYTES: usize = 4096;

/// The user rules of a recorder.
#[derive(Debug, Default)]
#[doc(hidden)]
pub struct Rules {
    rules: Vec<Rule>,
    /// The number of consecutive timeouts of each rule.
    timeouts: Vec<AtomicU8>,
    /// Runs on the thread of the rules before them. The guard is dropped after them.
    thread_guard: Option<ThreadGuard>,
}

type ThreadGuard = fn() -> Box<dyn Any>;

impl Rules {
    /// Appends a rule.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
        self.timeouts.push(AtomicU8::new(0));
    }

    /// Calls a function on each thread that runs rules, and drops its guard after them.
    pub fn guard_threads(&mut self, guard: fn() -> Box<dyn Any>) {
        self.thread_guard = Some(guard);
    }

    /// Returns the rules that are not disabled.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules
            .iter()
            .zip(&self.timeouts)
            .filter(|(_, timeouts)| timeouts.load(Ordering::Relaxed) < MAX_TIMEOUTS)
            .map(|(rule, _)| rule)
    }

    /// Runs the matching rules that are functions, and removes those that return nothing. The caller waits at most
    /// [`RULE_TIMEOUT`] for each rule, and [`START_TIMEOUT`] for each thread.
    pub(super) fn run_functions(&self, matches: &mut Vec<RuleMatch<'_>>, failure: &Failure) {
        let functions: Vec<(&Rule, RuleFn)> =
            matches.iter().filter_map(|found| Some((found.rule, Arc::clone(found.rule.function()?)))).collect();
        if functions.is_empty() {
            return;
        }
        let mut results = self.run_all(&functions, &Arc::new(failure.clone())).into_iter();
        matches.retain_mut(|found| {
            if found.rule.function().is_none() {
                return true;
            }
            found.fix = results.next().flatten();
            found.fix.is_some()
        });
    }

    /// Runs the functions in order. A function that exceeds the timeout yields `None`, and a new thread runs the rest.
    fn run_all(&self, functions: &[(&Rule, RuleFn)], failure: &Arc<Failure>) -> Vec<Option<String>> {
        let mut results = Vec::with_capacity(functions.len());
        while results.len() < functions.len() {
            let first = results.len();
            let pending = functions[first..].iter().map(|(_, function)| Arc::clone(function)).collect();
            let finished = run_with_deadline(pending, failure, self.thread_guard, &mut results);
            for (rule, _) in &functions[first..results.len()] {
                self.update_timeouts(rule, |_| 0);
            }
            if finished {
                break;
            }
            if let Some((rule, _)) = functions.get(results.len()) {
                self.update_timeouts(rule, |timeouts| timeouts.saturating_add(1));
                results.push(None);
            }
        }
        results
    }

    fn update_timeouts(&self, rule: &Rule, update: impl Fn(u8) -> u8) {
        if let Some(index) = self.rules.iter().position(|known| std::ptr::eq(known, rule)) {
            let timeouts = &self.timeouts[index];
            timeouts.store(update(timeouts.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }
}

/// Runs the functions in order and sends their results. The first message, `None`, states that the thread has started.
fn run_and_send(functions: Vec<RuleFn>, failure: &Failure, sender: &mpsc::Sender<Option<Option<String>>>) {
    if sender.send(None).is_err() {
        return;
    }
    for function in functions {
        let fix = catch_panic(|| function(failure)).ok().flatten();
        let fix = fix.map(|fix| shorten(&fix, MAX_TEXT_BYTES).into_owned()).filter(|fix| !fix.trim().is_empty());
        if sender.send(Some(fix)).is_err() {
            return;
        }
    }
}

/// Runs the functions in order on a thread, and appends their results. Returns false if a function exceeded the
/// timeout; the result of that function is missing.
fn run_with_deadline(
    functions: Vec<RuleFn>,
    failure: &Arc<Failure>,
    guard: Option<ThreadGuard>,
    results: &mut Vec<Option<String>>,
) -> bool {
    let (sender, receiver) = mpsc::channel();
    let failure = Arc::clone(failure);
    let thread = std::thread::Builder::new().name("failure-rules".to_owned()).stack_size(2 << 20);
    let spawned = thread.spawn(move || {
        // Errors that a rule logs are not failures of the computation.
        let _guard = guard.map(|guard| guard());
        run_and_send(functions, &failure, &sender);
    });
    if spawned.is_err() {
        return true;
    }
    if receiver.recv_timeout(START_TIMEOUT).is_err() {
        return true;
    }
    loop {
        match receiver.recv_timeout(RULE_TIMEOUT) {
            Ok(fix) => results.push(fix.flatten()),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
    }
}
