//! Who gets how much of a trail.

use tracing::{debug, error, info, info_span, trace};
use tracing_failure::builder;

use super::support::in_child;
use super::{entry, integers, messages, solve};

/// Calls a macro for ten callsites.
macro_rules! callsites {
    ($each:ident! $prefix:literal) => {
        callsites! { $each! $prefix "0" "1" "2" "3" "4" "5" "6" "7" "8" "9" }
    };
    ($each:ident! $prefix:literal $($name:literal)*) => { $($each!(concat!($prefix, $name));)* };
}

/// What libraries report: 30 callsites, each this often.
fn libraries_report(times: u64) {
    macro_rules! report {
        ($name:expr) => {
            for n in 0..times {
                debug!(target: "h2::frame", n, bytes = 4096, window = 0.5, "{}", $name);
                debug!(target: "hyper", n, "{}", $name);
                info!(target: "sqlx", n, rows = 17, elapsed = 0.25, "{}", $name);
            }
        };
    }
    callsites!(report! "library");
}

#[test]
fn a_solver_gets_enough_after_libraries_have_begun_their_series() {
    solve_beside_libraries(1);
}

#[test]
fn a_solver_gets_enough_after_libraries_have_filled_the_trail() {
    solve_beside_libraries(300);
}

fn solve_beside_libraries(times: u64) {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("crowded").entered();
        libraries_report(times);
        for iteration in 0..20 {
            debug!(iteration, residual = 0.5, "newton step");
        }
        libraries_report(times);
        for iteration in 0..10_000 {
            debug!(iteration, residual = 0.5, "long run");
        }
        libraries_report(times);
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(integers(entry(&failure, "newton step"), "iteration"), (0..20).collect::<Vec<_>>());
    let long = integers(entry(&failure, "long run"), "iteration");
    assert_eq!(long, (0..8).chain(9752..10_000).collect::<Vec<_>>());
    for entry in &failure.context.trail {
        assert_eq!(entry.seen, entry.dropped + entry.elapsed_s.len() as u64);
    }
    let of_libraries = failure.context.trail.iter().filter(|entry| entry.location.is_some()).count() - 2;
    assert!(of_libraries == 30, "{of_libraries} series of libraries");
}

#[test]
fn one_event_of_a_callsite_reserves_no_space() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("set up").entered();
        macro_rules! once {
            ($name:expr) => {
                info!(n = 1, a = 0.5, b = 0.5, c = 0.5, "{}", $name)
            };
        }
        callsites!(once! "set up");
        callsites!(once! "grid");
        callsites!(once! "matrix");
        (0..300).for_each(|step| debug!(step, dt = 0.5, "step"));
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(failure.context.trail.len(), 31);
    assert_eq!(integers(entry(&failure, "step"), "step"), (0..8).chain(52..300).collect::<Vec<_>>());
}

#[test]
fn more_callsites_than_rings_leave_room_for_the_solver_and_are_counted() {
    macro_rules! once {
        ($name:expr) => {
            info!(n = 1, "{}", $name)
        };
    }
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("many").entered();
        callsites!(once! "a");
        callsites!(once! "b");
        callsites!(once! "c");
        callsites!(once! "d");
        callsites!(once! "e");
        callsites!(once! "f");
        callsites!(once! "g");
        (0..20).for_each(|step| debug!(step, "step"));
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(integers(entry(&failure, "step"), "step"), (0..20).collect::<Vec<_>>());
    assert_eq!(failure.context.trail.iter().map(|entry| entry.seen).sum::<u64>(), 90);
}

#[test]
fn chatty_crates_of_the_program_leave_room_for_the_crate_of_the_computation() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").trail_filter("info,mates=debug").init().unwrap();
        let _entered = solve("many").entered();
        macro_rules! often {
            ($name:expr) => {
                (0..30).for_each(|n| info!(target: "mates", n, "{}", $name))
            };
        }
        callsites!(often! "a");
        callsites!(often! "b");
        callsites!(often! "c");
        callsites!(often! "d");
        callsites!(often! "e");
        callsites!(often! "f");
        callsites!(often! "g");
        (0..20).for_each(|step| info!(step, "step"));
        callsites!(often! "h");
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(integers(entry(&failure, "step"), "step"), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_chatty_library_does_not_displace_messages_of_the_program() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("words").entered();
        info!("mesh read");
        (0..40).for_each(|request| info!(target: "hyper::client", "request {request}"));
        info!(target: "sqlx", "connected");
        (40..80).for_each(|request| info!(target: "hyper::client", "request {request}"));
        error!("failed");
    });
    let failure = run.ok().failure();
    let messages = messages(&failure);
    assert_eq!(messages.len(), 32);
    assert_eq!((messages[0], messages[31]), ("mesh read", "request 79"));
    assert!(messages.contains(&"connected"), "{messages:?}");
}

#[test]
fn the_program_has_most_of_the_breadcrumbs() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        let _entered = solve("words").entered();
        for n in 0..100 {
            info!("own {n}");
            info!(target: "a", "a {n}");
            info!(target: "b", "b {n}");
        }
        error!("failed");
    });
    let failure = run.ok().failure();
    let of = |target: &str| messages(&failure).iter().filter(|text| text.starts_with(target)).count();
    assert_eq!((of("own"), of("a"), of("b")), (24, 4, 4));
    assert!(failure.context.breadcrumbs.is_sorted_by_key(|breadcrumb| breadcrumb.elapsed_s));
}

#[test]
fn a_filter_selects_trail_and_breadcrumbs() {
    let run = in_child(|dir| {
        let filter = "info,my_solver=trace,h2=off";
        let _guard = builder(dir).log_filter("debug").trail_filter(filter).init().unwrap();
        let span = info_span!(target: "h2", "solve", computation = "c", theoretical_ref = "§1", late = 0);
        let _entered = span.enter();
        debug!(n = 1, "too detailed");
        info!(n = 2, "kept");
        trace!(target: "my_solver::newton", n = 3, "solver");
        info!(target: "h2", n = 4, "off");
        info!(target: "h2::frame", "off too");
        info!("words");
        span.record("late", 5);
        error!("failed");
    });
    let run = run.ok();
    let failure = run.failure();
    let entry_messages: Vec<_> = failure.context.trail.iter().filter_map(|entry| entry.message.as_deref()).collect();
    assert_eq!(entry_messages, ["kept", "solver"]);
    assert_eq!((failure.context.trail.len(), messages(&failure)), (2, vec!["words"]));
    let logged = run.log().iter().filter(|line| line["message"] == "too detailed" || line["message"] == "off").count();
    assert_eq!(logged, 2, "the log has a filter of its own");
}

#[test]
fn filtered_events_are_disabled_unless_needed_elsewhere() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").trail_filter("info,my_solver=debug").init().unwrap();
        assert!(!tracing::event_enabled!(tracing::Level::DEBUG));
        assert!(tracing::event_enabled!(target: "my_solver", tracing::Level::DEBUG));
    });
    run.ok();
}

#[test]
fn a_target_preferred_by_a_filter_belongs_to_the_program() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").trail_filter("info,my_solver=debug").init().unwrap();
        let _entered = solve("own").entered();
        for n in 0..100 {
            info!(target: "my_solver", "own {n}");
            info!(target: "other", "other {n}");
        }
        error!("failed");
    });
    let failure = run.ok().failure();
    assert_eq!(messages(&failure).iter().filter(|text| text.starts_with("own")).count(), 24);
}

#[test]
fn a_filter_that_only_turns_off_keeps_the_rest() {
    let run = in_child(|dir| {
        let _guard = builder(dir).trail_filter("h2=off").init().unwrap();
        let _entered = solve("rest").entered();
        debug!(n = 1, "kept");
        debug!(target: "h2", n = 2, "off");
        error!("failed");
    });
    assert_eq!(run.ok().failure().context.trail.len(), 1);
}

#[test]
fn a_wrong_filter_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = builder(dir.path()).trail_filter("solver=loud").logger().map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "trail filter: `solver=loud`: expected `level`, `target` or `target=level`");
}
