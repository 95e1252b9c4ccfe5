//! The cost of `tracing-failure` and of other layers, as Markdown tables. `benches/run peers` writes them into the
//! book.

mod children;
mod report;
mod table;

use peers::measure::Times;
use peers::{failure, operations, subscribers};
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => report::print(),
        [children::OPERATIONS, name] => println!("{}", times(name)),
        [children::FAILURE, name] => println!("{}", one_failure(name)),
        _ => panic!("no arguments are expected"),
    }
}

fn times(name: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let _guard = subscribers::install(name, dir.path());
    let mut times = Times::default();
    operations::run(&mut times, subscribers::writes_lines(name));
    Value::Object(times.0)
}

fn one_failure(name: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    json!(failure::run(name, dir.path()))
}
