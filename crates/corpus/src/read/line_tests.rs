//! The fast reader of lines understands them as serde does.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::fast_line::read_fast;
use super::line_fields::{EntryList, LineFields, TextKey};
use super::slow_line::read_slow;

/// Everything that a line says, as text. NaN equals itself.
fn content(fields: &LineFields<'_>) -> String {
    let texts = TextKey::ALL.map(|key| fields.text(key));
    let lists = [EntryList::Parameters, EntryList::Digests].map(|list| fields.entries(list).collect::<Vec<_>>());
    format!("{texts:?} {:?} {:?} {} {lists:?}", fields.duration_s, fields.rank, fields.omits_entries)
}

/// Names that differ in several letters: no change of one byte makes a name occur twice.
const NAMES: &[&str] = &["alpha", "büchse", "courant", "δ-norm", "e.f", "", "gg[0]", "héé\\u0041"];
const KEYS: &[&str] = &[
    "timestamp",
    "level",
    "message",
    "computation",
    "theoretical_ref",
    "parameters",
    "outcome",
    "duration_s",
    "session_id",
    "failure_id",
    "trail",
    "host",
    "rank",
    "job_id",
    "version",
    "git_commit",
    "omitted",
];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?",
        any::<f64>().prop_filter("JSON", |x| x.is_finite()).prop_map(|x| format!("{x:?}")),
        any::<i64>().prop_map(|n| n.to_string()),
        select(vec!["true", "false", "null", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "{}", "[]", "1e999"])
            .prop_map(str::to_owned),
        ".{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        select(vec!["computation closed", "flow", "ok"]).prop_map(|text| format!("\"{text}\"")),
    ]
}

fn object(entries: Vec<(&'static str, String)>, space: &str) -> String {
    let entries: Vec<_> =
        entries.into_iter().map(|(name, value)| format!("{space}\"{name}\":{space}{value}{space}")).collect();
    format!("{{{}}}", entries.join(","))
}

fn named(value: impl Strategy<Value = String>, names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let entries = prop::sample::subsequence(names, 0..names.len()).prop_shuffle();
    let values = prop::collection::vec(value, names.len());
    (entries, values, select(vec!["", " "]))
        .prop_map(|(names, values, space)| object(names.into_iter().zip(values).collect(), space))
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(",")));
        prop_oneof![list, named(inner, NAMES)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn understood_lines_are_read_as_serde_reads_them(line in named(value(), KEYS)) {
        let (mut fast, mut slow) = (LineFields::default(), LineFields::default());
        read_slow(&line, &mut slow).unwrap();
        if read_fast(&line, &mut fast).is_some() {
            prop_assert_eq!(content(&fast), content(&slow));
        } else {
            prop_assert!(line.contains(['\\', '\u{7f}']) || line.contains("e999"), "{}", line);
        }
    }

    #[test]
    fn no_invalid_line_is_understood(
        line in named(value(), KEYS),
        place in any::<Index>(),
        inserted in prop::option::of(select(br#"{}[],:"\ 09.eE+-tn"#.to_vec())),
        is_removed in any::<bool>(),
    ) {
        let mut bytes = line.into_bytes();
        let place = place.index(bytes.len());
        bytes.splice(place..place + usize::from(is_removed), inserted);
        let Ok(line) = String::from_utf8(bytes) else { return Ok(()) };
        let (mut fast, mut slow) = (LineFields::default(), LineFields::default());
        if read_fast(&line, &mut fast).is_some() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{}", line);
            read_slow(&line, &mut slow).unwrap();
            prop_assert_eq!(content(&fast), content(&slow));
        }
    }
}

#[test]
fn the_lines_of_the_recorder_are_understood() {
    let line = r#"{"timestamp":"2025-12-27T04:30:00.000Z","level":"INFO","target":"sweep","message":"computation closed"
,"computation":"flow","theoretical_ref":"§5.3","parameters":{"mu":1.5,"nu":"NaN","c":[1,2.5],"o":{"rtol":1e-06}}
,"outcome":"ok","duration_s":0.0021,"session_id":"s","trail":{"step":{"x":{"rate":0.5}}},"omitted":["a"]}"#;
    let line = line.replace('\n', "");
    let mut fields = LineFields::default();
    read_fast(&line, &mut fields).unwrap();
    let names: Vec<&str> = fields.entries(EntryList::Parameters).map(|(name, _)| name).collect();
    assert_eq!(names, ["mu", "nu", "c[0]", "c[1]", "o.rtol"]);
}
