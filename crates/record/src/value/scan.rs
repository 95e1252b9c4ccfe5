//! Receives `Debug` output while it is written: it stores short text, and reads and summarises long text.

use std::collections::VecDeque;
use std::fmt;

use super::array::Array;
use super::compact::Compactor;
use super::limits::Limits;
use super::number::array_entry;
use super::variant::Value;
use text::{boundary_before, join_ends};

/// Maximum number of writes of a `Debug` that ignores errors. After that, the output counts as endless.
const MAX_REFUSED_WRITES: u32 = 10_000;

/// Maximum number of dimensions of an array of numbers.
const MAX_DIMENSIONS: usize = 8;

/// Maximum length of a number.
const MAX_WORD_BYTES: usize = 64;

/// A writer that receives the `Debug` output of one value and appends it to a text.
pub struct DebugSink<'a> {
    text: &'a mut String,
    start: usize,
    limits: &'a Limits,
    overflow: Option<Box<Overflow>>,
    refused: u32,
    writes: u32,
}

/// The summary of an output that exceeds the limit.
struct Overflow {
    scan: ArrayScan,
    /// Present if the output is no array of numbers.
    structure: Option<Compactor>,
    bytes: usize,
    tail: VecDeque<u8>,
}

impl<'a> DebugSink<'a> {
    /// Creates a sink that stores output within the limits.
    pub fn new(text: &'a mut String, limits: &'a Limits) -> Self {
        DebugSink { start: text.len(), text, limits, overflow: None, refused: 0, writes: 0 }
    }

    /// Returns true if the output came in one piece, as for a format string without arguments.
    pub fn is_one_piece(&self) -> bool {
        self.writes == 1
    }

    /// Returns the output, or its beginning if it exceeds the limit.
    pub fn as_str(&self) -> &str {
        &self.text[self.start..]
    }

    /// Returns the summary of an output that exceeds the limit, or `None` if the text contains the whole output.
    pub fn finish(self) -> Option<Value> {
        let Overflow { scan, structure, bytes, tail } = *self.overflow?;
        let head = &self.text[self.start..];
        let is_complete = self.refused == 0;
        let structure = structure.and_then(|structure| structure.finish(is_complete, self.limits));
        let summary = scan.summary(is_complete).or(structure).unwrap_or_else(|| {
            let head = &head[..boundary_before(head, self.limits.text - self.limits.text / 4)];
            let tail: Vec<u8> = tail.into();
            let tail = String::from_utf8_lossy(&tail);
            let tail = tail.trim_start_matches(char::REPLACEMENT_CHARACTER);
            if is_complete {
                join_ends(head, bytes - head.len() - tail.len(), tail).into()
            } else {
                format!("{head}… [endless: cut after {bytes} bytes]").into()
            }
        });
        self.text.truncate(self.start);
        Some(summary)
    }

    fn refuse(&mut self) -> fmt::Result {
        self.refused += 1;
        // Unwinding is the only way out of a `Debug` that ignores errors. The caller catches the panic.
        if self.refused > MAX_REFUSED_WRITES && cfg!(panic = "unwind") {
            std::panic::resume_unwind(Box::new("endless Debug output"));
        }
        Err(fmt::Error)
    }
}

impl fmt::Write for DebugSink<'_> {
    fn write_str(&mut self, chunk: &str) -> fmt::Result {
        self.writes = self.writes.saturating_add(1);
        let text_bytes = self.text.len() - self.start;
        if self.overflow.is_none() {
            if text_bytes + chunk.len() <= self.limits.text {
                self.text.push_str(chunk);
                return Ok(());
            }
            let mut overflow =
                Box::new(Overflow { scan: ArrayScan::default(), structure: None, bytes: 0, tail: VecDeque::new() });
            let head = &self.text[self.start..];
            overflow.read(head, self.limits);
            // Unless the output up to here is an array of numbers, it is read as a structure as well.
            if overflow.scan.state == ScanState::NotAnArray {
                let mut structure = Compactor::default();
                structure.read(head, self.limits);
                overflow.structure = Some(structure);
            }
            self.overflow = Some(overflow);
        }
        let room = boundary_before(chunk, self.limits.text.saturating_sub(text_bytes));
        self.text.push_str(&chunk[..room]);
        match &mut self.overflow {
            Some(overflow) if overflow.bytes + chunk.len() <= self.limits.scan => {
                overflow.read(chunk, self.limits);
                Ok(())
            }
            _ => self.refuse(),
        }
    }
}

impl Overflow {
    fn read(&mut self, chunk: &str, limits: &Limits) {
        let tail = limits.text / 4;
        self.bytes += chunk.len();
        self.scan.read(chunk);
        if let Some(structure) = &mut self.structure {
            structure.read(chunk, limits);
        }
        let bytes = &chunk.as_bytes()[chunk.len().saturating_sub(tail)..];
        self.tail.extend(bytes);
        self.tail.drain(..self.tail.len().saturating_sub(tail));
    }
}

/// Reads an array of numbers with any number of dimensions, chunk by chunk, without storing it.
#[derive(Default)]
struct ArrayScan {
    array: Array,
    /// Number of entries so far in each open dimension.
    open: Vec<usize>,
    /// Length of a closed list at each depth.
    shape: Vec<Option<usize>>,
    is_ragged: bool,
    word: String,
    state: ScanState,
}

#[derive(Default, PartialEq)]
enum ScanState {
    #[default]
    Reading,
    Closed,
    NotAnArray,
}

impl ArrayScan {
    fn read(&mut self, chunk: &str) {
        for c in chunk.chars() {
            match self.state {
                ScanState::Reading => self.step(c),
                ScanState::Closed if !c.is_whitespace() => self.state = ScanState::NotAnArray,
                _ => return,
            }
        }
    }

    fn step(&mut self, c: char) {
        match c {
            '[' if self.word.is_empty() && self.open.len() < MAX_DIMENSIONS => self.open.push(0),
            ',' => self.end_word(),
            ']' => {
                self.end_word();
                self.close();
            }
            c if c.is_ascii_whitespace() => self.end_word(),
            c if !self.open.is_empty() && self.word.len() < MAX_WORD_BYTES => self.word.push(c),
            _ => self.state = ScanState::NotAnArray,
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        match (array_entry(&self.word), self.open.last_mut()) {
            (Some(value), Some(length)) => {
                *length += 1;
                self.array.push_leaf(&value);
            }
            _ => self.state = ScanState::NotAnArray,
        }
        self.word.clear();
    }

    fn close(&mut self) {
        let Some(length) = self.open.pop() else {
            self.state = ScanState::NotAnArray;
            return;
        };
        let depth = self.open.len();
        if self.shape.len() <= depth {
            self.shape.resize(depth + 1, None);
        }
        self.is_ragged |= *self.shape[depth].get_or_insert(length) != length;
        match self.open.last_mut() {
            Some(outer) => *outer += 1,
            None => self.state = ScanState::Closed,
        }
    }

    fn summary(mut self, is_complete: bool) -> Option<Value> {
        let finished = if is_complete { ScanState::Closed } else { ScanState::Reading };
        if self.state != finished {
            return None;
        }
        self.array.set_shape(self.shape.into_iter().flatten().collect(), self.is_ragged);
        Some(self.array.summary(is_complete))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn summary(value: impl fmt::Debug, limits: &Limits) -> Option<Value> {
        let mut text = String::new();
        let mut sink = DebugSink::new(&mut text, limits);
        let _ = write!(sink, "{value:?}");
        sink.finish()
    }

    #[test]
    fn a_million_entries_are_read_to_the_end() {
        let mut list: Vec<f64> = (0..1_000_000).map(f64::from).collect();
        list[77] = f64::INFINITY;
        let summary = summary(list, &Limits::default()).unwrap();
        insta::assert_snapshot!(summary, @r#"{"summary":"array","length":1000000,"shape":[1000000],"head":[0.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0],"tail":[999992.0,999993.0,999994.0,999995.0,999996.0,999997.0,999998.0,999999.0],"min":0.0,"max":999999.0,"mean":499999.99992299994,"non_finite":1,"first_non_finite":77}"#);
    }

    #[test]
    fn a_large_matrix_keeps_its_shape() {
        let rows = vec![vec![1.5; 200]; 100];
        let summary = summary(rows, &Limits::default()).unwrap();
        assert_eq!(summary.get("shape"), Some(&Value::from(vec![100, 200])));
        assert_eq!(summary.get("mean"), Some(&Value::Float(1.5)));
    }

    #[derive(Debug)]
    #[allow(dead_code)]
    struct ScanState {
        name: &'static str,
        t: f64,
        x: Vec<f64>,
        grid: Vec<Vec<u8>>,
        particles: Vec<Particle>,
        log: String,
        after: Option<u8>,
    }

    #[derive(Clone, Debug)]
    #[allow(dead_code)]
    struct Particle {
        id: u32,
        sort: char,
        x: [f64; 2],
    }

    fn state() -> ScanState {
        ScanState {
            name: "a \"b\" [c",
            t: 0.5,
            x: (0..100_000).map(f64::from).collect(),
            grid: vec![vec![1; 30]; 40],
            particles: vec![Particle { id: 7, sort: ']', x: [0.5, f64::NAN] }; 3000],
            log: "line\n\u{7}".repeat(10_000),
            after: Some(3),
        }
    }

    #[test]
    fn a_long_structure_keeps_its_fields_and_summarises_its_lists() {
        let check = |value: Value| {
            let get = |name| value.get(name).unwrap_or_else(|| panic!("{name}: {value}"));
            assert_eq!(get("name"), &"a \"b\" [c".into());
            assert_eq!(get("t"), &0.5.into());
            assert_eq!(get("x").get("length"), Some(&100_000.into()));
            assert_eq!(get("x").get("max"), Some(&99_999.0.into()));
            assert_eq!(get("grid").get("shape"), Some(&vec![40, 30].into()));
            assert_eq!(get("particles").get("length"), Some(&3000.into()));
            let particle = &get("particles").get("head").and_then(Value::as_list).unwrap()[0];
            assert_eq!(particle.to_string(), r#"{"id":7,"sort":"]","x":[0.5,"NaN"]}"#);
            assert!(get("log").as_str().unwrap().starts_with("line\n\u{7}line"));
            assert_eq!(get("after"), &3.into());
        };
        check(summary(state(), &Limits::default()).unwrap());
        let mut pretty = String::new();
        let limits = Limits::default();
        let mut sink = DebugSink::new(&mut pretty, &limits);
        let _ = write!(sink, "{:#?}", Some(state()));
        check(sink.finish().unwrap());
    }

    #[test]
    fn a_truncated_structure_keeps_its_first_values() {
        let limits = Limits { scan: 100_000, ..Limits::default() };
        let value = summary((state(),), &limits).unwrap();
        let value = &value.as_list().unwrap()[0];
        assert_eq!(value.get("t"), Some(&0.5.into()));
        assert!(value.get("x").unwrap().get("length_at_least").and_then(Value::as_f64) > Some(1000.0), "{value}");
        let map: std::collections::BTreeMap<u32, f64> = (0..100_000).map(|n| (n, 0.5)).collect();
        let value = summary(map, &Limits::default()).unwrap();
        assert_eq!(value.get("0"), Some(&0.5.into()));
        assert!(value.get("…").is_some(), "{value}");
    }

    proptest::proptest! {
        #[test]
        fn any_long_text_is_within_the_limit(parts in proptest::collection::vec("[\\[\\](){},:\"'a-z0-9. \\\\u+-]{0,60}", 0..40)) {
            let limits = Limits { text: 200, scan: 1500, ..Limits::default() };
            let mut text = String::new();
            let mut sink = DebugSink::new(&mut text, &limits);
            let _ = parts.iter().try_for_each(|part| sink.write_str(part));
            if let Some(value) = sink.finish() {
                proptest::prop_assert!(value.to_string().len() < 1000, "{}", value);
            }
        }
    }

    #[test]
    fn truncated_lists_are_marked() {
        let limits = Limits { scan: 50_000, ..Limits::default() };
        let summary = summary(vec![0.25; 1_000_000], &limits).unwrap();
        assert_eq!(summary.get("length"), None);
        assert!(summary.get("length_at_least").and_then(Value::as_f64) > Some(8000.0), "{summary}");
        assert_eq!(summary.get("tail"), None);
    }

    #[test]
    fn long_text_keeps_both_ends() {
        let text = format!("begin {} end", "x".repeat(10 << 20));
        let summary = summary(text, &Limits::default()).unwrap();
        let text = summary.as_str().unwrap();
        assert!(text.starts_with("\"begin") && text.ends_with("end\""));
        assert!(text.contains("[10469388 bytes left out]"), "{}", &text[12200..12400]);
    }

    #[test]
    fn an_endless_debug_is_stopped() {
        struct Endless;
        impl fmt::Debug for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    let _ = f.write_str("and so on, ");
                }
            }
        }
        let limits = Limits { scan: 100_000, ..Limits::default() };
        let left = std::panic::catch_unwind(|| summary(Endless, &limits));
        assert!(left.is_err());
    }
}
