//! Heap allocations per operation. This is a separate program, because the counting allocator takes time.

use allocation_counter::measure;
use peers::operations::{self, Meter};
use peers::subscribers;
use serde_json::{Map, Value};

const WARM_UP: usize = 1000;
const REPEATS: u32 = 1000;

#[derive(Default)]
struct Allocations(Map<String, Value>);

impl Meter for Allocations {
    fn alone(&mut self, operation: &'static str, work: impl Fn()) {
        (0..WARM_UP).for_each(|_| work());
        let counted = measure(|| (0..REPEATS).for_each(|_| work()));
        self.0.insert(operation.to_owned(), (counted.count_total as f64 / f64::from(REPEATS)).into());
    }

    fn with_second_thread(&mut self, _: &'static str, _: impl Fn()) {}
}

fn main() {
    let name = std::env::args().nth(1).expect("the name of a subscriber");
    let dir = tempfile::tempdir().unwrap();
    let _guard = subscribers::install(&name, dir.path());
    let mut allocations = Allocations::default();
    operations::run(&mut allocations, false);
    println!("{}", Value::Object(allocations.0));
}
