//! The rules of a program: some of them are its own code, which may panic or take long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use super::Match;
use super::rule::{Advice, Judge, Rule};
use crate::capture::Busy;
use crate::failure::Failure;
use crate::value::shorten;

/// How long a rule is waited for.
const PATIENCE: Duration = Duration::from_millis(20);
/// Bytes of what it may say.
const LONGEST: usize = 4096;

/// The rules that a builder was given.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
    /// By rule: whether it once took too long.
    slow: Vec<AtomicBool>,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
        self.slow.push(AtomicBool::new(false));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().zip(&self.slow).filter(|(_, slow)| !slow.load(Ordering::Relaxed)).map(|(rule, _)| rule)
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
            if said_in_time(asked, failure, &mut said) {
                break;
            }
            if let Some((rule, _)) = judges.get(said.len()) {
                self.pass_over(rule);
                said.push(None);
            }
        }
        said
    }

    fn pass_over(&self, rule: &Rule) {
        let of_rule = self.rules.iter().zip(&self.slow).find(|(known, _)| std::ptr::eq(*known, rule));
        if let Some((_, slow)) = of_rule {
            slow.store(true, Ordering::Relaxed);
        }
    }
}

/// Asks one after the other in a thread of its own. False where one took too long, the first that said nothing.
fn said_in_time(judges: Vec<Judge>, failure: &Arc<Failure>, said: &mut Vec<Option<String>>) -> bool {
    let (tell, told) = mpsc::channel();
    let failure = Arc::clone(failure);
    let ask_all = move || {
        // Its own errors are no failures of the computation.
        let _busy = Busy::enter();
        for judge in judges {
            let fix = catch_unwind(AssertUnwindSafe(|| judge(&failure))).unwrap_or_default();
            let fix = fix.map(|fix| shorten(&fix, LONGEST).into_owned()).filter(|fix| !fix.trim().is_empty());
            if tell.send(fix).is_err() {
                return;
            }
        }
    };
    if std::thread::Builder::new().name("failure-rules".to_owned()).spawn(ask_all).is_err() {
        return true;
    }
    loop {
        match told.recv_timeout(PATIENCE) {
            Ok(fix) => said.push(fix),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
    }
}
