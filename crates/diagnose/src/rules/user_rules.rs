//! The rules of a program: some of them are its own code, which may panic or take long.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use super::Match;
use super::rule::{Advice, Judge, Rule};
use record::Failure;
use runtime::panic::caught;
use text::shorten;

/// How long a rule is waited for.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long it is waited for the thread to begin, on a machine that has other things to do.
const BEGINNING: Duration = Duration::from_secs(1);
/// A rule that is late so many times, one after the other, is not asked any more.
const LATE: u8 = 3;
/// Bytes of what it may say.
const LONGEST: usize = 4096;

/// The rules that a builder was given.
#[derive(Debug, Default)]
#[doc(hidden)]
pub struct Rules {
    rules: Vec<Rule>,
    /// By rule: how many times in a row it took too long.
    late: Vec<AtomicU8>,
    /// Runs before rules on their thread. The guard is dropped after them.
    thread_guard: Option<ThreadGuard>,
}

type ThreadGuard = fn() -> Box<dyn Any>;

impl Rules {
    /// Adds a rule behind those that are there.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
        self.late.push(AtomicU8::new(0));
    }

    /// Calls a function on each thread that runs rules, and drops its guard after them.
    pub fn guard_threads(&mut self, guard: fn() -> Box<dyn Any>) {
        self.thread_guard = Some(guard);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().zip(&self.late).filter(|(_, late)| late.load(Ordering::Relaxed) < LATE).map(|(rule, _)| rule)
    }

    /// Asks those that are code, and leaves those out that say nothing. Whoever fails waits for it, but not for long.
    pub(super) fn ask(&self, matches: &mut Vec<Match<'_>>, failure: &Failure) {
        let own = |found: &Match<'_>| match &found.rule.advice {
            Advice::Own(judge) => Some(Arc::clone(judge)),
            Advice::Text(_) => None,
        };
        if matches.iter().all(|found| own(found).is_none()) {
            return;
        }
        let judges: Vec<(&Rule, Judge)> = matches.iter().filter_map(|found| Some((found.rule, own(found)?))).collect();
        let mut said = self.ask_all(&judges, &Arc::new(failure.clone())).into_iter();
        matches.retain_mut(|found| {
            if own(found).is_some() {
                found.fix = said.next().flatten();
            }
            own(found).is_none() || found.fix.is_some()
        });
    }

    fn ask_all(&self, judges: &[(&Rule, Judge)], failure: &Arc<Failure>) -> Vec<Option<String>> {
        let mut said = Vec::with_capacity(judges.len());
        while let Some(rest) = judges.get(said.len()..).filter(|rest| !rest.is_empty()) {
            let asked = rest.iter().map(|(_, judge)| Arc::clone(judge)).collect();
            let before = said.len();
            let in_time = said_in_time(asked, failure, self.thread_guard, &mut said);
            judges[before..said.len()].iter().for_each(|(rule, _)| self.note(rule, |_| 0));
            if in_time {
                break;
            }
            if let Some((rule, _)) = judges.get(said.len()) {
                self.note(rule, |late| late.saturating_add(1));
                said.push(None);
            }
        }
        said
    }

    fn note(&self, rule: &Rule, late: impl Fn(u8) -> u8) {
        let of_rule = self.rules.iter().zip(&self.late).find(|(known, _)| std::ptr::eq(*known, rule));
        if let Some((_, known)) = of_rule {
            known.store(late(known.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }
}

/// Asks one after the other in a thread of its own. False where one took too long, the first that said nothing.
fn said_in_time(
    judges: Vec<Judge>,
    failure: &Arc<Failure>,
    guard: Option<ThreadGuard>,
    said: &mut Vec<Option<String>>,
) -> bool {
    let (tell, told) = mpsc::channel();
    let failure = Arc::clone(failure);
    let ask_all = move || {
        // Its own errors are no failures of the computation.
        let _guard = guard.map(|guard| guard());
        if tell.send(None).is_err() {
            return;
        }
        for judge in judges {
            let fix = caught(|| judge(&failure)).ok().flatten();
            let fix = fix.map(|fix| shorten(&fix, LONGEST).into_owned()).filter(|fix| !fix.trim().is_empty());
            if tell.send(Some(fix)).is_err() {
                return;
            }
        }
    };
    if std::thread::Builder::new().name("failure-rules".to_owned()).stack_size(2 << 20).spawn(ask_all).is_err() {
        return true;
    }
    if told.recv_timeout(BEGINNING).is_err() {
        return true;
    }
    loop {
        match told.recv_timeout(PATIENCE) {
            Ok(fix) => said.push(fix.flatten()),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
    }
}
