//! The hosts on which computations ran, and the programs that failed.

use std::collections::{BTreeMap, HashMap, HashSet};

use corpus::{RunCounts, RunOutcome};
use maud::{Markup, html};
use record::Value;

use crate::data::{ReportGroup, ReportTable};
use crate::page::{rest, table};
use crate::shown::{line, number};

const HOST_HEAD: [&str; 5] = ["Host", "sessions", "runs", "failed", "rate"];
const PROGRAM_HEAD: [&str; 4] = ["Program", "commit", "packages", "failures"];
/// Maximum number of rows of a table.
const MAX_ROWS: usize = 25;
/// Maximum number of packages of a program.
const MAX_PACKAGES: usize = 12;

/// Returns the tables, or nothing if neither hosts nor programs are known.
pub(crate) fn environments(tables: &[&ReportTable<'_>], groups: &[&ReportGroup]) -> Option<Markup> {
    let (hosts, programs) = (hosts(tables), programs(groups));
    if hosts.is_empty() && programs.is_empty() {
        return None;
    }
    let counts = |counts: &RunCounts| {
        [number(counts.runs as usize), number(counts.failed as usize), counts.percent()].map(|text| html! { (text) })
    };
    let host_row = |(host, sessions, runs): &(String, usize, RunCounts)| {
        [html! { (host) }, html! { (number(*sessions)) }].into_iter().chain(counts(runs)).collect()
    };
    let host_rows: Vec<Vec<Markup>> = hosts.iter().take(MAX_ROWS).map(host_row).collect();
    let program_row = |(program, failures): &(ProgramKey, u64)| {
        let texts = [&program.name, &program.commit, &program.packages].map(|text| html! { (text) });
        texts.into_iter().chain([html! { (number(*failures as usize)) }]).collect()
    };
    let program_rows: Vec<Vec<Markup>> = programs.iter().take(MAX_ROWS).map(program_row).collect();
    Some(html! {
        @if !hosts.is_empty() {
            (table("Hosts, the one with most failures first", &HOST_HEAD, 1, &host_rows))
            (rest(hosts.len(), MAX_ROWS, "host"))
        }
        @if !programs.is_empty() {
            (table("Programs of the newest failure of each group", &PROGRAM_HEAD, 3, &program_rows))
            (rest(programs.len(), MAX_ROWS, "program"))
        }
    })
}

/// Each host with its sessions and runs.
fn hosts(tables: &[&ReportTable<'_>]) -> Vec<(String, usize, RunCounts)> {
    let mut hosts: HashMap<&str, (HashSet<&str>, RunCounts)> = HashMap::new();
    for table in tables {
        let sessions = table.runs.sessions();
        for run in table.runs.runs().iter().filter(|run| run.outcome != RunOutcome::Cancelled) {
            let Some(session) = sessions.get(run.session as usize) else { continue };
            let host = hosts.entry(session.host.as_deref().unwrap_or_default()).or_default();
            host.0.insert(&session.id);
            host.1 += RunCounts { failed: run.outcome.is_failure().into(), runs: 1 };
        }
    }
    let name = |host: &str| if host.is_empty() { "unknown".to_owned() } else { line(host) };
    let mut hosts: Vec<_> =
        hosts.into_iter().map(|(host, (sessions, runs))| (name(host), sessions.len(), runs)).collect();
    hosts.sort_by(|(a, _, x), (b, _, y)| (y.failed, y.runs, a).cmp(&(x.failed, x.runs, b)));
    hosts
}

/// The build of a program that failed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ProgramKey {
    name: String,
    commit: String,
    packages: String,
}

/// Each program with the number of its failures.
fn programs(groups: &[&ReportGroup]) -> Vec<(ProgramKey, u64)> {
    let mut programs: BTreeMap<ProgramKey, u64> = BTreeMap::new();
    for group in groups {
        let context = &group.newest.context;
        let packages = context.other.get("packages").map(package_text).unwrap_or_default();
        let build = context.build.clone().unwrap_or_default();
        let name: Vec<String> =
            [build.package, build.version, build.profile].into_iter().flatten().map(|text| line(&text)).collect();
        let commit = build.git_commit.map(|commit| line(&commit)).unwrap_or_default();
        if name.is_empty() && commit.is_empty() && packages.is_empty() {
            continue;
        }
        let name = if name.is_empty() { "unknown".to_owned() } else { name.join(" ") };
        *programs.entry(ProgramKey { name, commit, packages }).or_default() += group.count;
    }
    let mut programs: Vec<_> = programs.into_iter().collect();
    programs.sort_by_key(|(_, failures)| std::cmp::Reverse(*failures));
    programs
}

/// `numpy 2.1, scipy 1.14`.
fn package_text(packages: &Value) -> String {
    let Value::Map(packages) = packages else { return line(&record::internal::parameter(packages)) };
    let version = |(name, version): (&str, &Value)| format!("{name} {}", version.as_str().unwrap_or_default());
    line(&packages.iter().take(MAX_PACKAGES).map(version).collect::<Vec<_>>().join(", "))
}
