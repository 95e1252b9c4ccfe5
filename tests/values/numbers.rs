//! Texts that look like numbers.

use tracing::{error, info, info_span};
use tracing_failure::record::Map;
use tracing_failure::{Value, builder};

use crate::support::in_child;

/// A value whose `Debug` writes bare text, as many crates write versions and hashes.
struct Bare(&'static str);

impl std::fmt::Debug for Bare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

#[derive(Debug)]
#[allow(dead_code)]
struct Build {
    commit: Bare,
    tolerance: f64,
}

fn check(fields: &Map) {
    for (name, text) in [
        ("commit", "61e9540"),
        ("commit2", "72225e2"),
        ("python", "3.10"),
        ("version", "0.30"),
        ("offset", "+5"),
        ("agent", "007"),
        ("cells", "1_000"),
        ("power", "1e5"),
    ] {
        assert_eq!(fields.get(name), Some(&Value::from(text)), "{name}");
    }
    assert_eq!(fields.get("versions"), Some(&vec!["3.10", "0.30", "72225e2"].into()));
    assert_eq!(fields.get("rounded"), Some(&vec!["3.10", "0.30"].into()));
    assert_eq!(fields.get("build").and_then(|build| build.get("commit")), Some(&"61e9540".into()));
    assert_eq!(fields.get("build").and_then(|build| build.get("tolerance")), Some(&1e-9.into()));
    assert_eq!(fields.get("some"), Some(&"3.10".into()));
    for (name, number) in
        [("x", Value::Float(3.1)), ("tiny", 1e-9.into()), ("n", 5.into()), ("limit", f64::INFINITY.into())]
    {
        assert_eq!(fields.get(name), Some(&number), "{name}");
    }
}

macro_rules! with_labels {
    ($macro:ident!($($before:tt)*)) => {
        $macro!(
            $($before)*
            commit = %"61e9540",
            commit2 = %"72225e2",
            python = %"3.10",
            version = ?Bare("0.30"),
            offset = %"+5",
            agent = %"007",
            cells = %"1_000",
            power = %"1e5",
            versions = ?[Bare("3.10"), Bare("0.30"), Bare("72225e2")],
            rounded = %format!("{:.2?}", [3.1, 0.3]),
            build = ?Build { commit: Bare("61e9540"), tolerance: 1e-9 },
            some = ?Some(Bare("3.10")),
            x = %3.1,
            tiny = ?1e-9,
            n = %5,
            limit = ?f64::INFINITY,
        )
    };
}

#[test]
fn a_text_is_a_number_only_as_rust_writes_it() {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("info").init().unwrap();
        let span = with_labels!(info_span!("solve", computation = "c", theoretical_ref = "eq. (1)",));
        let _entered = span.entered();
        with_labels!(info!(step = 1,));
        with_labels!(error!(step = 2,));
    })
    .ok();
    let failure = run.failure();
    check(&failure.parameters);
    check(&failure.context.event);
    let line = run.log().into_iter().find(|line| line["fields"]["step"] == 1).unwrap();
    check(&serde_json::from_value(line["fields"].clone()).unwrap());
}
