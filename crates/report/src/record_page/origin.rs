//! The ids of a record, and the run that wrote it.

use maud::{Markup, html};
use record::Failure;
use record::internal::parameter;

use crate::shown::{block, line};

/// Maximum number of keys of other programs.
const MAX_OTHER: usize = 60;

/// Returns the list of names and values.
pub(super) fn origin(failure: &Failure) -> Markup {
    let context = &failure.context;
    let rank = context.rank.map(|rank| match context.world_size {
        Some(size) => format!("{rank} of {size}"),
        None => rank.to_string(),
    });
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: Option<String>| facts.extend(text.map(|text| (name.to_owned(), line(&text))));
    add("id", context.id.map(|id| id.to_string()));
    add("caused by", context.caused_by.map(|id| id.to_string()));
    add("fingerprint", context.fingerprint.clone());
    add("session", context.session_id.clone());
    add("thread", context.thread.clone());
    add("rank", rank);
    add("job", context.job_id.clone());
    add("notebook", context.notebook.clone());
    add("cell", context.cell_number.map(|cell| cell.to_string()));
    if let Some(process) = &context.process {
        add("host", process.host.clone());
        add("process", Some(format!("{} {}", process.pid, process.argv.join(" "))));
        add("directory", process.cwd.clone());
    }
    if let Some(build) = &context.build {
        let parts = [&build.package, &build.version, &build.profile, &build.git_commit];
        add("build", Some(parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")));
    }
    let other = context.other.iter().take(MAX_OTHER);
    facts.extend(other.map(|(name, value)| (line(name), block(&parameter(value)))));
    html! {
        dl class="long" { @for (name, value) in &facts { div { dt { (name) } dd { (value) } } } }
    }
}
