//! Models that are functions of the program.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing_failure::record::{Amendment, amend};
use tracing_failure::record::{Confidence, Origin};
use tracing_failure::{Failure, Store};
use tracing_failure_advice::{Advisor, ErrorKind, Model};

const ANSWER: &str = r#"{"root_cause": "The flow has a pole.", "confidence": "high", "fixes": [
    {"change": "End before the pole", "location": "src/flow.rs:7", "reason": "the coupling diverges there"},
    {"change": "Integrate 1/λ", "reason": "it stays bounded", "code": " "}]}"#;

fn model_replying(text: &str) -> Model {
    let text = text.to_owned();
    Model::from_fn("here", "a-model", move |_| Ok(text.clone()))
}

fn failure(message: &str) -> Failure {
    Failure::new("pole_mass", "Eq. 4.7", "NewtonError", message)
}

/// The names of a directory's entries.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_answer_of_a_function_is_read() {
    for text in [ANSWER.to_owned(), format!("```json\n{ANSWER}\n```\n")] {
        let advice = Advisor::new(model_replying(&text)).advise(&failure("m")).unwrap();
        assert_eq!(advice.answer.root_cause, "The flow has a pole.");
        assert_eq!((advice.answer.confidence, advice.answer.fixes.len()), (Confidence::High, 2));
        assert_eq!((&*advice.provider, &*advice.model, advice.tokens), ("here", "a-model", None));
        assert!(!advice.is_cached && advice.prompt_hash.len() == 64);
    }
}

#[test]
fn the_answer_is_saved_in_the_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = Store::open(dir.path()).unwrap().write(&failure("m")).unwrap();
    let advice = Advisor::new(model_replying(ANSWER)).dir(dir.path()).advise(&failure("m")).unwrap();
    let amendment = Amendment::of_suggestions(advice.suggestions());
    assert_eq!(amend(&path, &amendment).unwrap(), 2);
    assert_eq!(amend(&path, &amendment).unwrap(), 0);
    let suggestion = Failure::from_path(&path).unwrap().context.suggestions.remove(0);
    assert_eq!(suggestion.fix, "End before the pole (src/flow.rs:7): the coupling diverges there");
    assert_eq!((suggestion.origin, suggestion.provider.as_deref()), (Origin::Model, Some("here")));
    assert_eq!((suggestion.model.as_deref(), suggestion.prompt_hash), (Some("a-model"), Some(advice.prompt_hash)));
}

#[test]
fn it_is_asked_once_where_there_is_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let model = |name: &str| {
        let calls = calls.clone();
        Model::from_fn("here", name, move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            Ok(ANSWER.to_owned())
        })
    };
    let count = |advisor: &Advisor, message: &str| {
        let is_cached = advisor.advise(&failure(message)).unwrap().is_cached;
        (is_cached, calls.load(Ordering::Relaxed))
    };
    let advisor = Advisor::new(model("a-model")).dir(dir.path());
    assert_eq!(count(&advisor, "no convergence within 50 iterations"), (false, 1));
    assert_eq!(count(&advisor, "no convergence within 60 iterations"), (true, 1));
    assert_eq!(count(&advisor, "singular"), (false, 2));
    assert_eq!(count(&advisor.fresh(true), "singular"), (false, 3));
    assert_eq!(count(&Advisor::new(model("another")).dir(dir.path()), "singular"), (false, 4));
    let without = Advisor::new(model("a-model"));
    assert_eq!((count(&without, "singular"), count(&without, "singular")), ((false, 5), (false, 6)));
}

#[test]
fn threads_ask_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let advisor = Advisor::new(model_replying(ANSWER)).dir(dir.path()).fresh(true);
    std::thread::scope(|scope| {
        let ask = || (0..20).for_each(|_| drop(advisor.advise(&failure("m")).unwrap()));
        (0..8).for_each(|_| drop(scope.spawn(ask)));
    });
    assert_eq!(names(&dir.path().join(".suggestions")).len(), 1);
}

#[test]
fn without_a_directory_nothing_is_written() {
    let before = names(Path::new("."));
    Advisor::new(model_replying(ANSWER)).advise(&failure("m")).unwrap();
    let error = Advisor::new(model_replying("I cannot say.\u{1b}[2J")).advise(&failure("m")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidAnswer);
    let message = format!("{error:#}");
    assert!(message.starts_with("a-model replied \"I cannot say."), "{message}");
    assert!(message.contains("invalid answer: not JSON") && !message.contains('\u{1b}'), "{message}");
    assert_eq!(names(Path::new(".")), before);
}

#[test]
fn invalid_answers_are_saved_beside_the_records() {
    let dir = tempfile::tempdir().unwrap();
    let error = Advisor::new(model_replying("I cannot say.")).dir(dir.path()).advise(&failure("m")).unwrap_err();
    assert!(error.to_string().starts_with("the reply of a-model is in "), "{error}");
    let cache = dir.path().join(".suggestions");
    let name = &names(&cache)[0];
    assert!(name.starts_with("raw_"), "{name}");
    assert_eq!(fs::read_to_string(cache.join(name)).unwrap(), "I cannot say.");
}

#[test]
fn the_error_of_a_function_is_reported() {
    let model = Model::from_fn("here", "a-model", |_| Err("the quota is used up".into()));
    let error = Advisor::new(model).advise(&failure("m")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoAnswer);
    assert_eq!(error.to_string(), "a-model by here did not answer");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the quota is used up");
    assert_eq!(format!("{error:?}"), "NoAnswer: a-model by here did not answer: the quota is used up");
}

#[test]
fn secrets_are_sent_only_to_local_functions() {
    let mut failure = failure("cannot reach postgres://me:hunter2@db.example/x");
    failure.parameters.insert("data", "/home/ada/run7.h5");
    let prompt_text = |advisor: Advisor| advisor.prompt(&failure).unwrap().to_string();
    let away = prompt_text(Advisor::new(model_replying(ANSWER)));
    assert!(!away.contains("hunter2") && !away.contains("ada") && away.contains("~/run7.h5"), "{away}");
    for all in [
        prompt_text(Advisor::new(model_replying(ANSWER).local())),
        prompt_text(Advisor::new(model_replying(ANSWER)).redact(false)),
    ] {
        assert!(all.contains("hunter2") && all.contains("/home/ada/run7.h5"), "{all}");
    }
    let local = prompt_text(Advisor::new(model_replying(ANSWER).local()).redact(true));
    assert!(!local.contains("hunter2"), "{local}");
}

#[test]
fn the_prompt_contains_the_schema_within_the_budget() {
    let mut failure = failure("no convergence");
    (0..500).for_each(|number| failure.parameters.insert(format!("parameter_{number}"), 1.5));
    let received = Arc::new(std::sync::Mutex::new(None));
    let slot = received.clone();
    let model = Model::from_fn("here", "a-model", move |prompt| {
        *slot.lock().unwrap() = Some(prompt.clone());
        Ok(ANSWER.to_owned())
    });
    let advisor = Advisor::new(model).budget(6_000);
    advisor.advise(&failure).unwrap();
    let prompt = received.lock().unwrap().take().unwrap();
    assert!(prompt.system.ends_with(&prompt.schema) && prompt.schema.contains("\"root_cause\""), "{}", prompt.system);
    assert_eq!(prompt, advisor.prompt(&failure).unwrap());
    assert_eq!(advisor.dry_run(&failure).unwrap(), prompt.to_string());
    for budget in (4_000..16_000).step_by(500) {
        let prompt = Advisor::new(model_replying(ANSWER)).budget(budget).prompt(&failure).unwrap();
        assert!(prompt.system.len() + prompt.user.len() <= budget, "{budget}");
    }
}

#[test]
fn past_failures_are_found_with_and_without_a_fingerprint() {
    let dir = tempfile::tempdir().unwrap();
    let mut known = failure("no convergence within 60 iterations");
    known.context.fingerprint = Some(known.fingerprint().into_owned());
    let mut other = failure("singular");
    other.context.fingerprint = Some(other.fingerprint().into_owned());
    let records = [failure("no convergence within 50 iterations"), known.clone(), other, failure("singular")];
    for (number, mut record) in records.into_iter().enumerate() {
        record.parameters.insert("mu", number as f64 + 0.5);
        fs::write(dir.path().join(format!("{number}.json")), record.to_json()).unwrap();
    }
    fs::write(dir.path().join("broken.json"), known.fingerprint().as_bytes()).unwrap();
    let text = Advisor::new(model_replying(ANSWER)).dir(dir.path()).prompt(&known).unwrap().user;
    assert!(text.contains("2 times since") && text.contains("mu 0.5 | 1.5\n"), "{text}");
    known.context.fingerprint = Some("a \"name\" of its own".to_owned());
    fs::write(dir.path().join("own.json"), known.to_json()).unwrap();
    fs::write(dir.path().join("own2.json"), known.to_json()).unwrap();
    let text = Advisor::new(model_replying(ANSWER)).dir(dir.path()).prompt(&known).unwrap().user;
    assert!(text.contains("2 times since"), "{text}");
}

/// Records with values that JSON readers reject.
fn with_odd_values(text: &str) -> [String; 3] {
    let with = |parameter: &str| text.replace("\"parameters\": {", &format!("\"parameters\": {{\"odd\": {parameter}"));
    [format!("\u{feff}{text}"), with("\"half a pair: \\ud800\""), with("1e400")]
}

#[test]
fn values_that_are_invalid_in_json_do_not_hide_past_failures() {
    let dir = tempfile::tempdir().unwrap();
    for has_fingerprint in [true, false] {
        let mut past = failure("no convergence");
        past.context.fingerprint = has_fingerprint.then(|| past.fingerprint().into_owned());
        let mut resolution = tracing_failure::record::Resolution::default();
        resolution.fix = "start closer to the pole".to_owned();
        past.context.resolution = Some(resolution);
        for (number, text) in with_odd_values(&past.to_json()).iter().enumerate() {
            fs::write(dir.path().join(format!("{number}.json")), text).unwrap();
        }
        let text =
            Advisor::new(model_replying(ANSWER)).dir(dir.path()).prompt(&failure("no convergence")).unwrap().user;
        assert!(text.contains("earlier fix: start closer to the pole\n3 times since"), "{text}");
    }
}

#[test]
fn a_record_with_such_a_value_is_amended() {
    let dir = tempfile::tempdir().unwrap();
    let advice = Advisor::new(model_replying(ANSWER)).advise(&failure("m")).unwrap();
    let amendment = Amendment::of_suggestions(advice.suggestions());
    for text in with_odd_values(&failure("m").to_json()) {
        let path = dir.path().join("record.json");
        fs::write(&path, &text).unwrap();
        assert_eq!(amend(&path, &amendment).unwrap(), 2, "{text}");
        let amended = fs::read_to_string(&path).unwrap();
        assert_eq!(Failure::from_json(&amended).unwrap().suggested_fixes.len(), 2);
        assert_eq!(amended.contains("1e400"), text.contains("1e400"), "{amended}");
    }
}

#[test]
fn a_copy_is_no_second_failure_in_the_past() {
    let dir = tempfile::tempdir().unwrap();
    let mut known = failure("no convergence");
    known.context.fingerprint = Some(known.fingerprint().into_owned());
    let store = Store::open(dir.path()).unwrap();
    for seconds in [0, 1] {
        known.timestamp += std::time::Duration::from_secs(seconds);
        known.context.id = Some(tracing_failure::record::time::new_id());
        let path = store.write(&known).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for name in [stem + " (conflicted copy 2026-11-30 101500).json", format!("kept{seconds}.json")] {
            fs::copy(&path, dir.path().join(name)).unwrap();
        }
    }
    let text = Advisor::new(model_replying(ANSWER)).dir(dir.path()).prompt(&known).unwrap().user;
    assert!(text.contains("2 times since"), "{text}");
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("failures");
    let error = Advisor::new(model_replying(ANSWER)).dir(&missing).advise(&failure("m")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Files);
    assert_eq!(error.to_string(), format!("there is no directory {}", missing.display()));
    assert!(!missing.exists());
}
