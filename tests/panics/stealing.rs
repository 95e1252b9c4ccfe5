//! rayon: a thread that waits in one computation runs jobs of another.

use std::panic::{catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use tracing_failure::init;
use tracing_failure::record::PanicMatch;

use super::support::in_child;
use super::{ELSEWHERE, computation};

/// Something that happens once, and that other threads wait for.
struct Event(AtomicBool);

impl Event {
    const fn new() -> Self {
        Event(AtomicBool::new(false))
    }

    fn happens(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn wait(&self) {
        let started = Instant::now();
        while !self.0.load(Ordering::SeqCst) {
            assert!(started.elapsed() < Duration::from_secs(60), "it never happened");
            std::thread::yield_now();
        }
    }
}

/// Runs two computations on three threads of rayon: the thread of `waiting` waits for a job of its own on the third
/// one, and steals a job of `stolen` meanwhile. `far` ends the job that it waits for.
fn steal(job: impl Fn() + Send + Sync, far: impl Fn() + Send + Sync) {
    static WAITING_FOR_JOB: Event = Event::new();
    static STOLEN_IS_OPEN: Event = Event::new();
    static JOB_RUNS: Event = Event::new();
    static STOLEN_IS_DONE: Event = Event::new();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let waiting = || {
        let _span = computation("waiting");
        let far = || {
            WAITING_FOR_JOB.happens();
            STOLEN_IS_DONE.wait();
            far();
        };
        rayon::join(|| STOLEN_IS_OPEN.wait(), far);
    };
    let stolen = || {
        WAITING_FOR_JOB.wait();
        let fails = std::panic::AssertUnwindSafe(|| {
            let _span = computation("stolen");
            STOLEN_IS_OPEN.happens();
            let job = || {
                JOB_RUNS.happens();
                job();
            };
            rayon::join(|| JOB_RUNS.wait(), job);
        });
        assert!(catch_unwind(fails).is_err());
        STOLEN_IS_DONE.happens();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| catch_unwind(std::panic::AssertUnwindSafe(|| pool.install(waiting))));
        scope.spawn(|| pool.install(stolen));
    });
}

#[test]
fn a_panic_in_a_stolen_job_is_not_attributed_to_the_waiting_computation() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        steal(|| panic!("pivot is zero"), || ());
    });
    let run = run.ok();
    let failure = run.failure();
    assert_eq!((failure.computation.as_str(), failure.error_message.as_str()), ("stolen", ELSEWHERE));
    let origin = failure.context.panic_origin.as_ref().unwrap();
    assert_eq!(origin.matched_by, PanicMatch::Unknown, "both computations were open");
    assert_eq!(origin.raised.len(), 1);
    assert_eq!(origin.raised[0].message, "pivot is zero");
    let lines = run.log();
    let line = lines.iter().find(|line| line["computation"] == "waiting" && line["outcome"].is_string()).unwrap();
    assert_eq!(line["outcome"], "unknown", "{line}");
}

#[test]
fn a_computation_that_another_panic_unwinds_does_not_claim_that_of_a_stolen_job() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        steal(|| panic!("pivot is zero"), || resume_unwind(Box::new("cancelled")));
    });
    let run = run.ok();
    assert_eq!(run.failures().len(), 2);
    for name in ["stolen", "waiting"] {
        let failure = run.failure_of(name);
        assert_eq!(failure.error_message, ELSEWHERE);
        assert_eq!(failure.context.panic_origin.unwrap().matched_by, PanicMatch::Unknown);
    }
}

#[test]
fn a_computation_in_a_stolen_job_has_its_own_panic() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let job = || {
            let _span = computation("inner");
            panic!("pivot is zero");
        };
        steal(job, || ());
    });
    let run = run.ok();
    let failure = run.failure_of("inner");
    assert_eq!(failure.error_message, "pivot is zero");
    assert!(failure.stack_trace.contains("a_computation_in_a_stolen_job"), "{}", failure.stack_trace);
    assert!(run.failures().iter().all(|failure| failure.computation != "waiting"));
    assert_eq!(run.failure_of("stolen").error_type, "Panic");
}

#[test]
fn a_computation_unwound_by_another_panic_and_its_stolen_job_have_separate_records() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let job = || {
            let _span = computation("inner");
            panic!("pivot is zero");
        };
        steal(job, || resume_unwind(Box::new("cancelled")));
    });
    let run = run.ok();
    assert_eq!(run.failure_of("inner").error_message, "pivot is zero");
    assert_eq!(run.failure_of("waiting").error_message, ELSEWHERE);
}

#[test]
fn a_panic_that_is_caught_in_a_stolen_job_has_a_record() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let job = || {
            let _ = catch_unwind(|| panic!("caught"));
            panic!("pivot is zero");
        };
        steal(job, || ());
    });
    let failures = run.ok().failures();
    let caught: Vec<_> = failures.iter().filter(|failure| failure.error_message == "caught").collect();
    assert_eq!(caught.len(), 1);
    assert_eq!(caught[0].context.panic_origin.as_ref().unwrap().matched_by, PanicMatch::Unknown);
    assert!(failures.iter().any(|failure| failure.computation == "stolen"));
}

#[test]
fn no_computation_of_a_nested_sweep_has_the_panic_of_another() {
    const COMPUTATIONS: usize = 60;
    static FAILED: AtomicUsize = AtomicUsize::new(0);
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        rayon::ThreadPoolBuilder::new().num_threads(4).build_global().unwrap();
        (0..COMPUTATIONS).into_par_iter().with_max_len(1).for_each(|index| {
            let sweep = || {
                let name = format!("c{index}");
                let _span = computation(&name);
                (0..16usize).into_par_iter().with_max_len(1).for_each(|site| {
                    std::thread::sleep(Duration::from_micros(300));
                    assert!(index % 3 > 0 || site != 11, "site of c{index} is NaN");
                });
            };
            FAILED.fetch_add(usize::from(catch_unwind(sweep).is_err()), Ordering::SeqCst);
        });
        assert_eq!(FAILED.load(Ordering::SeqCst), COMPUTATIONS / 3);
    });
    let failures = run.ok().failures();
    for failure in &failures {
        let message = format!("site of {} is NaN", failure.computation);
        assert!(
            [&message, ELSEWHERE].contains(&&*failure.error_message),
            "{}: {}",
            failure.computation,
            failure.error_message
        );
        let known = failure.context.panic_origin.iter().filter(|origin| origin.matched_by != PanicMatch::Unknown);
        assert!(known.flat_map(|origin| &origin.raised).all(|panic| panic.message == message));
    }
    let mut names: Vec<_> = failures.iter().map(|failure| &failure.computation).collect();
    names.sort();
    names.dedup();
    let failed = |index: usize| names.contains(&&format!("c{index}"));
    assert!((0..COMPUTATIONS).step_by(3).all(failed), "{names:?}");
}
