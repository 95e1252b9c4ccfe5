//! Which record is the newest: names, ids, times, `latest.json`, `read_all` and the log agree.

use std::sync::Barrier;

use tracing::{error, info_span};
use tracing_failure::{Failure, Store, init};

use crate::computation;
use crate::support::{in_child, json_files};

#[test]
fn threads_that_fail_at_once_have_one_order() {
    let run = in_child(|dir| {
        let guard = init(dir).unwrap();
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let barrier = &barrier;
                scope.spawn(move || {
                    let area = ["rg_flow", "observable", "topology", "other"][thread % 4];
                    let _span = info_span!("run", computation = area, theoretical_ref = "§1", thread).entered();
                    for n in 0..100 {
                        barrier.wait();
                        error!(n, "failed");
                    }
                });
            }
        });
        guard.flush();
    });
    let run = run.ok();
    let dir = run.dir().join("failures");
    let in_order: Vec<Failure> = Store::open(&dir).unwrap().read_all().unwrap().map(Result::unwrap).collect();
    assert_eq!(in_order.len(), 800);
    let key = |failure: &Failure| (failure.timestamp, failure.context.id);
    assert!(in_order.is_sorted_by_key(key));
    assert!(in_order.is_sorted_by_key(|failure| failure.context.id));
    for failure in &in_order {
        let (seconds, nanos) = failure.context.id.unwrap().get_timestamp().unwrap().to_unix();
        let of_id = (seconds as i64, nanos / 1_000_000);
        assert_eq!(of_id, (failure.timestamp.timestamp(), failure.timestamp.timestamp_subsec_millis()));
    }
    let latest = Failure::from_path(dir.join("latest.json")).unwrap();
    assert_eq!(latest.context.id, in_order.last().unwrap().context.id);
    let names: Vec<_> = json_files(&dir).into_iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    let newest = latest.context.id.unwrap().to_string();
    let last = names.iter().filter_map(|name| name.to_str()?.split_once("_2").map(|(_, rest)| rest)).max().unwrap();
    assert!(last.contains(&newest), "{last} {newest}");
    for line in run.log().iter().filter(|line| line["message"] == "failed") {
        let id = line["failure_id"].as_str().unwrap();
        let failure = in_order.iter().find(|failure| failure.context.id.unwrap().to_string() == id).unwrap();
        let time: chrono::DateTime<chrono::Utc> = line["timestamp"].as_str().unwrap().parse().unwrap();
        assert_eq!(time, failure.timestamp);
    }
}

#[test]
fn a_guard_that_is_gone_leaves_no_record_out_of_latest() {
    let run = in_child(|dir| {
        let _ = init(dir).unwrap();
        let _span = computation("burst");
        (0..20).for_each(|n| error!(n, "failed"));
    });
    check_latest(&run.ok());
}

#[test]
fn a_guard_that_is_dropped_inside_a_computation_leaves_no_record_out_of_latest() {
    let run = in_child(|dir| {
        let _span = {
            let _guard = init(dir).unwrap();
            let span = computation("burst");
            (0..20).for_each(|n| error!(n, "failed"));
            span
        };
        (20..40).for_each(|n| error!(n, "failed"));
    });
    check_latest(&run.ok());
}

#[test]
fn a_layer_without_a_guard_leaves_no_record_out_of_latest() {
    use tracing_subscriber::prelude::*;
    let run = in_child(|dir| {
        let layer = tracing_failure::FailureLayer::new(dir.join("failures")).unwrap();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        let _span = computation("burst");
        (0..20).for_each(|n| error!(n, "failed"));
    });
    check_latest(&run.ok());
}

fn check_latest(run: &crate::support::Run) {
    let latest = Failure::from_path(run.dir().join("failures/latest.json")).unwrap();
    assert_eq!(latest.context.id, run.failures().last().unwrap().context.id);
}
