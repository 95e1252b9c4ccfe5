//! The rules of a program: some of them are its own code, which may panic or take long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

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

    /// What the code of these rules says, in their order. Whoever fails waits for it, but not for long.
    pub(super) fn ask<'a>(&self, rules: impl Iterator<Item = &'a Rule>, failure: &Failure) -> Vec<Option<String>> {
        let asked: Vec<(&Rule, Judge)> = rules
            .filter_map(|rule| match &rule.advice {
                Advice::Own(judge) => Some((rule, Arc::clone(judge))),
                Advice::Text(_) => None,
            })
            .collect();
        let mut said = Vec::with_capacity(asked.len());
        let mut failure = (!asked.is_empty()).then(|| Arc::new(failure.clone()));
        while let (Some(shared), Some(rest)) = (&failure, asked.get(said.len()..).filter(|rest| !rest.is_empty())) {
            let judges = rest.iter().map(|(_, judge)| Arc::clone(judge)).collect();
            if said_in_time(judges, shared, &mut said) {
                failure = None;
            } else if let Some((rule, _)) = asked.get(said.len()) {
                self.pass_over(rule);
                said.push(None);
            }
        }
        said.resize(asked.len(), None);
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
