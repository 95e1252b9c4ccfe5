//! Details of successes in the closing lines of computations.

use std::cell::Cell;
use std::panic::catch_unwind;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use tracing::{debug, info_span};
use tracing_failure::{Builder, Successes, builder, computation, init, trail};

use crate::support::{Run, in_child};

fn with(arguments: bool, trail: bool) -> impl Fn(Builder) -> Builder {
    move |builder| {
        let mut successes = Successes::default();
        (successes.arguments, successes.trail) = (arguments, trail);
        builder.successes(successes)
    }
}

/// The closing lines, in the order in which the computations closed.
fn closed(run: &Run) -> Vec<Json> {
    run.log().into_iter().filter(|line| line["message"] == "computation closed").collect()
}

/// The parameters and the omitted arguments of a closing line, and its outcome.
fn described(line: &Json) -> (String, String, String) {
    (line["parameters"].to_string(), line["omitted"].to_string(), line["outcome"].as_str().unwrap().to_owned())
}

#[derive(Debug, Serialize)]
struct Options {
    rtol: f64,
    api_key: &'static str,
}

const OPTIONS: Options = Options { rtol: f64::NAN, api_key: "hunter2" };

#[derive(Debug)]
enum Method {
    Radau { order: u8 },
}

#[computation("Eq. 1")]
fn solve(n: u32, options: &Options, method: &Method, mesh: &[f64], owned: Method) -> Result<f64, String> {
    let Method::Radau { order } = method;
    let _ = (options, order, owned);
    match n {
        0 => Ok(mesh[0]),
        1 => Err("no convergence".to_owned()),
        _ => panic!("no such level"),
    }
}

fn solve_three_times() {
    for n in 0..3 {
        let _ =
            catch_unwind(|| solve(n, &OPTIONS, &Method::Radau { order: 5 }, &[0.5; 100], Method::Radau { order: 3 }));
    }
}

#[test]
fn closing_lines_have_the_same_arguments_after_success_failure_and_panic() {
    let run = in_child(|dir| {
        let _guard = with(true, false)(builder(dir)).init().unwrap();
        solve_three_times();
    })
    .ok();
    let arguments = r#""options":{"api_key":"[redacted]","rtol":"NaN"}"#;
    for (n, (line, expected)) in closed(&run).iter().zip(["ok", "failed", "failed"]).enumerate() {
        let parameters = format!(r#"{{"method":{{"order":5}},"n":{n},{arguments}}}"#);
        let omitted = r#"["mesh","owned"]"#.to_owned();
        assert_eq!(described(line), (parameters, omitted, expected.to_owned()));
    }
    assert_eq!(closed(&run).len(), 3);
    for failure in run.failures() {
        assert!(failure.parameters.get("mesh").is_some(), "a record has all arguments: {}", failure.parameters);
    }
}

#[test]
fn without_the_switch_failures_have_the_arguments_of_successes() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        solve_three_times();
    })
    .ok();
    for (n, (line, expected)) in closed(&run).iter().zip(["ok", "failed", "failed"]).enumerate() {
        assert_eq!(described(line), (format!(r#"{{"n":{n}}}"#), "null".to_owned(), expected.to_owned()));
        assert_eq!(line.get("trail"), None);
    }
    assert!(run.failures().iter().all(|failure| failure.parameters.get("options").is_some()));
}

#[computation("Eq. 2")]
fn inner(n: u32, mesh: &[f64; 2]) -> Result<f64, String> {
    if n == 0 { Ok(mesh[0]) } else { Err("no convergence".to_owned()) }
}

#[computation("Eq. 1")]
fn outer(couplings: &[f64], options: &Options) -> Result<f64, String> {
    let _ = (couplings, options);
    inner(0, &[0.5; 2])?;
    inner(1, &[0.5; 2]).or_else(|_| inner(0, &[0.5; 2]))
}

fn assert_inner_lines_have_no_outer_arguments(arguments: bool) {
    let run = in_child(|dir| {
        let _guard = with(arguments, false)(builder(dir)).init().unwrap();
        outer(&[1.0, 2.0], &Options { rtol: 1e-6, ..OPTIONS }).unwrap();
    });
    let lines = closed(&run.ok());
    let parameters: Vec<String> = lines.iter().map(|line| line["parameters"].to_string()).collect();
    let inner = |n: u32| format!(r#"{{"mesh":[0.5,0.5],"n":{n}}}"#);
    let options = if arguments { r#","options":{"api_key":"[redacted]","rtol":1e-6}"# } else { "" };
    let outer = format!(r#"{{"couplings":[1.0,2.0]{options}}}"#);
    assert_eq!(parameters, [inner(0), inner(1), inner(0), outer]);
}

#[test]
fn closing_lines_do_not_have_the_arguments_of_functions_around_them() {
    assert_inner_lines_have_no_outer_arguments(false);
}

#[test]
fn closing_lines_with_all_arguments_do_not_have_those_of_functions_around_them() {
    assert_inner_lines_have_no_outer_arguments(true);
}

thread_local! {
    /// The number of entries that were read from an endless argument.
    static READ: Cell<usize> = const { Cell::new(0) };
}

struct Endless;

impl Serialize for Endless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0_u64..).inspect(|_| READ.set(READ.get() + 1)))
    }
}

struct EndlessText;

impl std::fmt::Debug for EndlessText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        loop {
            READ.set(READ.get() + 1);
            f.write_str("text")?;
        }
    }
}

#[computation("Eq. 1")]
fn endless(values: &Endless, text: &EndlessText) -> f64 {
    let _ = (values, text);
    0.5
}

#[test]
fn reading_stops_where_the_room_ends() {
    let run = in_child(|dir| {
        let _guard = with(true, false)(builder(dir)).init().unwrap();
        endless(&Endless, &EndlessText);
        assert_eq!(READ.get(), 64 + 1025, "64 entries, and 4 KiB of text");
    });
    let [line] = &closed(&run.ok())[..] else { panic!() };
    assert_eq!(described(line), ("{}".to_owned(), r#"["values","text"]"#.to_owned(), "ok".to_owned()));
}

#[computation("Eq. 1")]
fn two_grids(fails: bool, coarse: &[u8], fine: &[u8], options: &Options, comment: &str) -> Result<(), String> {
    let _ = (coarse, fine, options, comment);
    if fails { Err("no convergence".to_owned()) } else { Ok(()) }
}

#[test]
fn all_arguments_of_a_computation_share_the_room() {
    let run = in_child(|dir| {
        let _guard = with(true, false)(builder(dir)).init().unwrap();
        for fails in [false, true] {
            let _ = two_grids(fails, &[1; 40], &[2; 40], &OPTIONS, "a short text");
        }
    });
    for line in closed(&run.ok()) {
        assert_eq!(line["omitted"].to_string(), r#"["fine"]"#, "{line}");
        assert_eq!(line["parameters"]["coarse"].as_array().unwrap().len(), 40);
        assert_eq!(
            (&line["parameters"]["options"]["rtol"], &line["parameters"]["comment"]),
            (&"NaN".into(), &"a short text".into())
        );
    }
}

struct Unreadable;

impl Serialize for Unreadable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("not initialised")
    }
}

/// A value whose `Debug` uses the layer, which must hold no lock then.
struct Talkative;

impl std::fmt::Debug for Talkative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _span = info_span!("debug", computation = "debug", theoretical_ref = "§1", n = 1).entered();
        tracing::error!(residual = 0.5, "inside of Debug");
        tracing::Span::current().record("n", 2);
        f.write_str("Talkative")
    }
}

#[computation("Eq. 1")]
fn odd(unreadable: &Unreadable, talkative: &Talkative, text: &str) -> Result<(), String> {
    let _ = (unreadable, talkative, text);
    Ok(())
}

#[test]
fn code_of_the_program_may_panic_and_use_the_layer() {
    let run = in_child(|dir| {
        let _guard = with(true, true)(builder(dir)).init().unwrap();
        odd(&Unreadable, &Talkative, "text").unwrap();
    });
    let run = run.ok();
    assert!(run.failures().is_empty());
    let lines = closed(&run);
    let line = lines.iter().find(|line| line["computation"] == "odd").unwrap();
    let parameters = r#"{"talkative":"Talkative","text":"text"}"#.to_owned();
    assert_eq!(described(line), (parameters, r#"["unreadable"]"#.to_owned(), "ok".to_owned()));
}

#[computation("Eq. 1")]
fn newton(rows: u32, fails: bool) -> Result<f64, String> {
    let mut residual = 1.0;
    for iteration in 0..rows {
        debug!(iteration, residual, ok = true, "newton step");
        trail!(norm = if iteration == 0 { 2.0 } else { f64::INFINITY });
        residual *= 0.5;
    }
    if fails { Err("no convergence".to_owned()) } else { Ok(residual) }
}

#[test]
fn the_digest_has_the_ends_of_each_series() {
    let run = in_child(|dir| {
        let _guard = with(false, true)(builder(dir)).init().unwrap();
        newton(1000, false).unwrap();
        newton(1, false).unwrap();
        newton(0, false).unwrap();
        newton(3, true).unwrap_err();
    });
    let lines = closed(&run.ok());
    let series = |line: &Json| line["trail"].as_object().map(|trail| trail.keys().cloned().collect::<Vec<_>>());
    let residual = |line: &Json| line["trail"]["newton step"]["residual"].clone();
    let names = series(&lines[0]).unwrap();
    assert_eq!(names.len(), 2, "{names:?}");
    let row = names.iter().find(|name| *name != "newton step").unwrap();
    assert!(row.contains("successes.rs:"), "a row without a message has its place as its name: {row}");
    let last = 0.5_f64.powi(999);
    assert_eq!(residual(&lines[0]), serde_json::json!({"first": 1.0, "last": last, "rate": 0.5, "rows": 1000}));
    let columns: Vec<_> = lines[0]["trail"]["newton step"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(columns, ["iteration", "residual"], "a truth value is no number");
    let iteration = serde_json::json!({"first": 0, "last": 999, "rows": 1000});
    assert_eq!(lines[0]["trail"]["newton step"]["iteration"], iteration, "no factor leads from zero to 999");
    let norm = serde_json::json!({"first": 2.0, "last": "Infinity", "rows": 1000});
    assert_eq!(lines[0]["trail"][row]["norm"], norm);
    assert_eq!(residual(&lines[1]), serde_json::json!({"first": 1.0, "last": 1.0, "rows": 1}));
    assert_eq!(series(&lines[2]), None);
    assert_eq!(residual(&lines[3]), serde_json::json!({"first": 1.0, "last": 0.25, "rate": 0.5, "rows": 3}));
    assert_eq!(lines[3]["outcome"], "failed");
}

#[computation("Eq. 1")]
fn wide() {
    macro_rules! series {
        ($($message:literal)*) => {$(
            debug!(
                a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10, k = 11, l = 12, m = 13,
                n = 14, o = 15, p = 16, q = 17, $message
            );
        )*};
    }
    series!("a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r");
}

#[computation("Eq. 1")]
fn same_messages(password: f64) {
    let _ = password;
    debug!(x = 1, password = 2.0, "step");
    debug!(x = 2, "step");
}

#[test]
fn a_digest_is_bounded_and_its_names_are_unique() {
    let run = in_child(|dir| {
        let _guard = with(false, true)(builder(dir)).init().unwrap();
        wide();
        same_messages(0.5);
    });
    let lines = closed(&run.ok());
    let series = lines[0]["trail"].as_object().unwrap();
    assert_eq!(series.len(), 16);
    assert!(series.values().all(|columns| columns.as_object().unwrap().len() == 16));
    let series = lines[1]["trail"].as_object().unwrap();
    assert_eq!(series["step"], serde_json::json!({"x": {"first": 1, "last": 1, "rows": 1}}));
    let other = series.keys().find(|name| *name != "step").unwrap();
    assert!(other.starts_with("step (") && other.contains("successes.rs:"), "{other}");
}

#[test]
fn a_digest_joins_the_rows_of_all_threads() {
    let run = in_child(|dir| {
        let _guard = with(false, true)(builder(dir)).init().unwrap();
        let span = info_span!("solve", computation = "solve", theoretical_ref = "§1").entered();
        let step = |n: u32| debug!(n, "step");
        step(1);
        for n in 2..5 {
            let span = span.clone();
            std::thread::scope(|scope| {
                scope.spawn(|| span.in_scope(|| step(n)));
            });
        }
    });
    let [line] = &closed(&run.ok())[..] else { panic!() };
    assert_eq!(line["trail"]["step"]["n"]["rows"], 4);
    assert_eq!((&line["trail"]["step"]["n"]["first"], &line["trail"]["step"]["n"]["last"]), (&1.into(), &4.into()));
}
