//! Adds to a record what was learned later. Everything else in it stays as it is, to the digit.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use tracing_failure::{Failure, Resolution, Suggestion};
use uuid::Uuid;

use crate::error::{AdviceError, ErrorKind};
use crate::files::read_json;

/// What is added to a record.
///
/// ```
/// use tracing_failure::Resolution;
/// use tracing_failure_advice::Amendment;
///
/// let mut resolution = Resolution::default();
/// resolution.fix = "started at 3.5".to_owned();
/// let amendment = Amendment { resolution: Some(resolution), ..Amendment::default() };
/// # assert!(amendment.suggestions.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amendment {
    /// Behind those that are there; what is there already is not added again.
    pub suggestions: Vec<Suggestion>,
    /// In the place of the one that is there.
    pub resolution: Option<Resolution>,
}

/// Writes it into the record, and into `latest.json` where that is a copy of it; all else in it stays as it is, to the digit.
/// Says how many suggestions are new.
///
/// # Errors
///
/// When the record cannot be read or written, or is none.
///
/// ```
/// use tracing_failure::{Failure, Resolution, Store};
/// use tracing_failure_advice::{Amendment, amend};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-amend-{}", std::process::id()));
/// let path = Store::open(&dir)?.write(&Failure::new("pole_mass", "Eq. 4.7", "NewtonError", "no convergence"))?;
/// let mut resolution = Resolution::default();
/// resolution.fix = "started at 3.5".to_owned();
/// amend(&path, &Amendment { resolution: Some(resolution), ..Amendment::default() })?;
/// assert_eq!(Failure::from_path(&path)?.context.resolution.unwrap().fix, "started at 3.5");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn amend(path: impl AsRef<Path>, amendment: &Amendment) -> Result<usize, AdviceError> {
    write(path.as_ref(), amendment).map_err(ErrorKind::Files.of())
}

fn write(path: &Path, amendment: &Amendment) -> Result<usize> {
    let path = &original(&path.canonicalize().with_context(|| path.display().to_string())?)?;
    // Two commands at once would each write what it read.
    let _one = lock(path)?;
    let mut json = Vec::new();
    read_json(&mut json, path).with_context(|| path.display().to_string())?;
    let json = String::from_utf8(json).with_context(|| format!("{} is no text", path.display()))?;
    let (amended, added) = amended(&json, amendment).with_context(|| format!("cannot amend {}", path.display()))?;
    if amended != json {
        replace(path, &amended)?;
        let latest = path.with_file_name(LATEST);
        if id_in(&latest).is_some_and(|id| Some(id) == id_of(&json)) {
            replace(&latest, &amended)?;
        }
    }
    Ok(added)
}

/// The copy of the newest record.
const LATEST: &str = "latest.json";

/// The record that `latest.json` is a copy of, or the file itself.
fn original(path: &Path) -> Result<PathBuf> {
    if path.file_name() != Some(LATEST.as_ref()) {
        return Ok(path.to_owned());
    }
    let id = id_in(path).map(|id| id.to_string());
    let is_of_it = |name: &str| id.as_deref().is_some_and(|id| name.ends_with(&format!("_{id}.json")));
    let entries = fs::read_dir(path.parent().unwrap_or(Path::new("."))).context("cannot list the records")?;
    let mut names = entries.flatten().map(|entry| entry.path());
    let found = names.find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_of_it));
    found.with_context(|| format!("{} is a copy, and the record that it is of is not there", path.display()))
}

/// Locks the record's own file, so that nothing is left behind. It may be replaced until the lock is there.
fn lock(path: &Path) -> Result<File> {
    let started = Instant::now();
    loop {
        if !fs::metadata(path).is_ok_and(|there| there.is_file()) {
            bail!("{} is no ordinary file", path.display());
        }
        let file = File::open(path).with_context(|| path.display().to_string())?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path) => return Ok(file),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // A file system without locks. The file is replaced all the same, as every writer does there.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
        ensure!(started.elapsed() < PATIENCE, "somebody else has been amending {} for long", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How long another one that amends is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether an open file is still the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |there: fs::Metadata| (there.dev(), there.ino());
    file.metadata().ok().map(identity) == fs::metadata(path).ok().map(identity)
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// By way of a temporary file: readers see the old record or the new one, also after a loss of power.
fn replace(path: &Path, json: &str) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary: PathBuf = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let write = || {
        let mut file = File::create_new(&temporary)?;
        file.write_all(json.as_bytes())?;
        keep_owner(path, &temporary);
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write()
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Who may change owners, as the superuser may, leaves a file to whom it belongs.
#[cfg(unix)]
fn keep_owner(from: &Path, to: &Path) {
    use std::os::unix::fs::MetadataExt;
    if let Ok(there) = fs::metadata(from) {
        let _ = std::os::unix::fs::chown(to, Some(there.uid()), Some(there.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &Path) {}

fn id_in(path: &Path) -> Option<Uuid> {
    let mut json = Vec::new();
    read_json(&mut json, path).ok()?;
    id_of(std::str::from_utf8(&json).ok()?)
}

fn id_of(json: &str) -> Option<Uuid> {
    serde_json::from_str::<Failure>(json).ok()?.context.id
}

/// The text of the record with what is added.
fn amended(json: &str, amendment: &Amendment) -> Result<(String, usize)> {
    // It has to be a record before and after.
    let failure: Failure = serde_json::from_str(json)?;
    let mut new: Vec<&Suggestion> = Vec::new();
    for suggestion in &amendment.suggestions {
        let is_known =
            failure.suggested_fixes.contains(&suggestion.fix) || new.iter().any(|one| one.fix == suggestion.fix);
        if !is_known {
            new.push(suggestion);
        }
    }
    if new.is_empty() && amendment.resolution.is_none() {
        return Ok((json.to_owned(), 0));
    }
    let mut record: Members<'_> = serde_json::from_str(json)?;
    let fixes = new.iter().map(|suggestion| serde_json::to_string(&suggestion.fix)).collect::<Result<Vec<_>, _>>()?;
    record.extend("suggested_fixes", &fixes, 1)?;
    let mut context = match record.get("context") {
        Some(context) => serde_json::from_str::<Members<'_>>(context).context("its context is no object")?,
        None => bail!("it has no context"),
    };
    let suggestions = new.iter().map(serde_json::to_string_pretty).collect::<Result<Vec<_>, _>>()?;
    context.extend("suggestions", &suggestions, 2)?;
    if let Some(resolution) = &amendment.resolution {
        context.set("resolution", indented(&serde_json::to_string_pretty(resolution)?, 2));
    }
    let context = context.text(1);
    record.set("context", context);
    let text = record.text(0) + "\n";
    let amended: Failure =
        serde_json::from_str(&text).map_err(|error| anyhow!("it would be no record then: {error}"))?;
    debug_assert_eq!(amended.suggested_fixes.len(), failure.suggested_fixes.len() + new.len());
    Ok((text, new.len()))
}

/// The members of an object in their order, each with its text.
struct Members<'a>(Vec<(String, Cow<'a, str>)>);

impl Members<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        // Of a name that is there twice, readers take the last.
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, text)| &**text)
    }

    fn set(&mut self, name: &str, text: String) {
        match self.0.iter_mut().rfind(|(known, _)| known == name) {
            Some((_, known)) => *known = text.into(),
            None => self.0.push((name.to_owned(), text.into())),
        }
    }

    /// Adds entries to a list that is so many levels deep in the record.
    fn extend(&mut self, name: &str, entries: &[String], level: usize) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let known: Vec<&RawValue> = match self.get(name) {
            Some(list) => serde_json::from_str(list).with_context(|| format!("its {name} is no list"))?,
            None => Vec::new(),
        };
        let known = known.iter().map(|entry| entry.get().to_owned());
        let new = entries.iter().map(|entry| indented(entry, level));
        let list: Vec<String> = known.chain(new).collect();
        self.set(name, format!("[{}]", list.join(", ")));
        Ok(())
    }

    fn text(&self, level: usize) -> String {
        let (indent, end) = ("  ".repeat(level + 1), "  ".repeat(level));
        let name = |name: &str| serde_json::Value::from(name).to_string();
        let members: Vec<String> =
            self.0.iter().map(|(key, text)| format!("\n{indent}{}: {text}", name(key))).collect();
        format!("{{{}\n{end}}}", members.join(","))
    }
}

/// JSON that begins so many levels deep.
fn indented(json: &str, level: usize) -> String {
    json.replace('\n', &format!("\n{}", "  ".repeat(level)))
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((name, text)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, Cow::Borrowed(text.get())));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(fix: &str) -> Suggestion {
        let mut suggestion = Suggestion::default();
        suggestion.fix = fix.to_owned();
        suggestion
    }

    fn amendment(fixes: &[&str]) -> Amendment {
        Amendment { suggestions: fixes.iter().map(|fix| suggestion(fix)).collect(), resolution: None }
    }

    const RECORD: &str = r#"{
  "timestamp": "2025-12-27T04:30:00.000Z",
  "computation": "rg_flow",
  "theoretical_ref": "Eq. 1.12",
  "error_type": "Diverged",
  "error_message": "pole",
  "parameters": {
    "mass": 1.50000000000000000001,
    "seed": 123456789012345678901234567890
  },
  "stack_trace": "",
  "context": {
    "frames": [{ "function": "f", "in_app": true, "register": "rax" }],
    "mine": 1.0
  },
  "suggested_fixes": ["first"],
  "tenth": null
}
"#;

    #[test]
    fn what_is_there_stays_to_the_digit() {
        let (text, added) = amended(RECORD, &amendment(&["second", "first"])).unwrap();
        assert_eq!(added, 1);
        for part in ["1.50000000000000000001", "123456789012345678901234567890", "\"rax\"", "\"tenth\": null", "1.0"] {
            assert!(text.contains(part), "{text}");
        }
        let failure: Failure = serde_json::from_str(&text).unwrap();
        assert_eq!(failure.suggested_fixes, ["first", "second"]);
        assert_eq!(failure.context.suggestions.len(), 1);
        let (again, added) = amended(&text, &amendment(&["second"])).unwrap();
        assert_eq!((again == text, added), (true, 0));
    }

    #[test]
    fn what_is_added_looks_as_if_it_had_been_there() {
        let mut failure = Failure::new("rg_flow", "Eq. 1.12", "Diverged", "pole");
        failure.context.session_id = Some("s".to_owned());
        let (text, _) = amended(&failure.to_json(), &amendment(&["a", "b"])).unwrap();
        failure = serde_json::from_str(&text).unwrap();
        assert_eq!(text, failure.to_json());
        let (more, _) = amended(&text, &amendment(&["c"])).unwrap();
        failure = serde_json::from_str(&more).unwrap();
        assert_eq!(failure.suggested_fixes, ["a", "b", "c"]);
        assert_eq!(more, failure.to_json());
    }

    #[test]
    fn a_resolution_takes_the_place_of_the_one_before() {
        let resolved = |fix: &str| {
            let mut resolution = Resolution::default();
            resolution.fix = fix.to_owned();
            Amendment { suggestions: Vec::new(), resolution: Some(resolution) }
        };
        let (text, _) = amended(RECORD, &resolved("one")).unwrap();
        let (text, _) = amended(&text, &resolved("two")).unwrap();
        let failure: Failure = serde_json::from_str(&text).unwrap();
        assert_eq!(failure.context.resolution.unwrap().fix, "two");
        assert!(!text.contains("\"one\""));
    }

    #[test]
    fn what_is_no_record_is_left_alone() {
        for json in ["{}", "[]", "{", &RECORD.replace("[\"first\"]", "7")] {
            assert!(amended(json, &amendment(&["x"])).is_err(), "{json}");
        }
    }
}
