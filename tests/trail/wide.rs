//! Events, and records of late fields, with more fields than usual.

use tracing::{debug, error, field, info_span, record_all};
use tracing_failure::{Failure, Value, builder};

use super::support::in_child;
use super::{column, entry, integers, solve};

/// A number that no other row holds: it appears in a record only if memory of an earlier computation is read.
const STALE: u64 = 7_777_777_777;

/// Fills the memory that the next computation of this process is given.
fn use_memory() {
    let _entered = solve("earlier").entered();
    for _ in 0..300 {
        debug!(a = STALE, b = STALE, c = STALE, d = STALE, e = STALE, f = STALE, "earlier");
    }
}

/// The failure of the computation that ran in used memory.
fn failure_after(work: impl Fn()) -> Failure {
    let run = in_child(|dir| {
        let _guard = builder(dir).log_filter("off").init().unwrap();
        use_memory();
        work();
    });
    let failure = run.ok().failure();
    let json = serde_json::to_string(&failure).unwrap();
    assert!(!json.contains(&STALE.to_string()), "{json}");
    failure
}

macro_rules! forty_fields {
    ($call:ident! { $($before:tt)* } $value:expr) => {
        $call!(
            $($before)*
            c00 = $value, c01 = $value + 1, c02 = $value + 2, c03 = $value + 3, c04 = $value + 4, c05 = $value + 5,
            c06 = $value + 6, c07 = $value + 7, c08 = $value + 8, c09 = $value + 9, c10 = $value + 10,
            c11 = $value + 11, c12 = $value + 12, c13 = $value + 13, c14 = $value + 14, c15 = $value + 15,
            c16 = $value + 16, c17 = $value + 17, c18 = $value + 18, c19 = $value + 19, c20 = $value + 20,
            c21 = $value + 21, c22 = $value + 22, c23 = $value + 23, c24 = $value + 24, c25 = $value + 25,
            c26 = $value + 26, c27 = $value + 27, c28 = $value + 28, c29 = $value + 29, c30 = $value + 30,
            c31 = $value + 31, c32 = $value + 32, c33 = $value + 33, c34 = $value + 34, c35 = $value + 35,
            c36 = $value + 36, c37 = $value + 37, c38 = $value + 38, c39 = $value + 39
        )
    };
}

#[test]
fn an_event_with_forty_numbers_keeps_all_of_them() {
    let failure = failure_after(|| {
        let _entered = solve("wide").entered();
        for step in [1000, 2000] {
            forty_fields!(debug! {} step);
        }
        error!("failed");
    });
    let wide = &failure.context.trail[0];
    assert_eq!((wide.seen, wide.columns.len()), (2, 40));
    for number in 0..40 {
        assert_eq!(integers(wide, &format!("c{number:02}")), [1000 + number, 2000 + number]);
    }
}

#[test]
fn forty_late_values_are_kept() {
    let failure = failure_after(|| {
        let span = forty_fields!(info_span! { "solve", computation = "wide", theoretical_ref = "§1", } 0);
        let _entered = span.enter();
        forty_fields!(record_all! { span, } 1000);
        span.record("c39", 5);
        error!("failed");
    });
    let late = &failure.context.trail[0];
    assert_eq!((late.span.as_deref(), late.seen), (Some("solve"), 2));
    for number in 0..39 {
        assert_eq!(column(late, &format!("c{number:02}")), [Value::Int(1000 + number), Value::Null]);
    }
    assert_eq!(integers(late, "c39"), [1039, 5]);
}

#[test]
fn a_single_number_after_many_texts_is_kept() {
    macro_rules! texts {
        ($call:ident! { $($before:tt)* } $($after:tt)*) => {
            $call!(
                $($before)*
                t00 = "a", t01 = "a", t02 = "a", t03 = "a", t04 = "a", t05 = "a", t06 = "a", t07 = "a", t08 = "a",
                t09 = "a", t10 = "a", t11 = "a", t12 = "a", t13 = "a", t14 = "a", t15 = "a", t16 = "a", t17 = "a",
                t18 = "a", t19 = "a", t20 = "a", t21 = "a", t22 = "a", t23 = "a", t24 = "a", t25 = "a", t26 = "a",
                t27 = "a", t28 = "a", t29 = "a", t30 = "a", t31 = "a",
                $($after)*
            )
        };
    }
    let failure = failure_after(|| {
        let span = texts!(info_span! { "solve", computation = "wide", theoretical_ref = "§1", } late = field::Empty);
        let _entered = span.enter();
        for step in 0..3 {
            texts!(debug! {} step, "texts");
            span.record("late", 10 * step);
        }
        error!("failed");
    });
    let texts = entry(&failure, "texts");
    assert_eq!((integers(texts, "step"), texts.columns.len()), (vec![0, 1, 2], 1));
    let late = failure.context.trail.iter().find(|entry| entry.span.is_some()).unwrap();
    assert_eq!((integers(late, "late"), late.columns.len()), (vec![0, 10, 20], 1));
}

#[test]
fn wide_integers_are_kept_where_they_fit_into_64_bits() {
    let failure = failure_after(|| {
        let _entered = solve("wide").entered();
        debug!(i = -5_i128, u = u128::from(u64::MAX), above = u128::MAX, "integers");
        error!("failed");
    });
    let columns = &entry(&failure, "integers").columns;
    assert_eq!(columns.to_string(), r#"{"i":[-5],"u":[18446744073709551615]}"#);
}
