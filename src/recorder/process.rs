//! The process, its MPI rank and its batch job, as entries of the context.

use std::sync::Arc;

use record::internal::{Redactor, shorten_command_line, shorten_name};
use record::{Context, Limits, Process};

/// Environment variables in which MPI launchers and batch systems store the rank, the world size and the job id.
const RANK: &[&str] = &["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", "SLURM_PROCID"];
const WORLD_SIZE: &[&str] = &["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_NTASKS"];
const JOB_ID: &[&str] = &["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"];

/// Returns the context entries that all failures of this process share.
pub(crate) fn context(redactor: &Redactor, limits: &Limits) -> Context {
    let number = |names: &[&str]| variable(names).and_then(|text| text.parse().ok());
    let argv = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let text = |path: std::path::PathBuf| shorten_name(redactor.text(&path.to_string_lossy()).into_owned());
    let mut process = Process::default();
    process.pid = std::process::id();
    process.argv = shorten_command_line(redactor.command_line(argv), limits);
    process.cwd = std::env::current_dir().ok().map(text);
    process.host = gethostname::gethostname().into_string().ok();
    process.executable = std::env::current_exe().ok().map(text);
    let mut context = Context::default();
    context.process = Some(Arc::new(process));
    context.rank = number(RANK);
    context.world_size = number(WORLD_SIZE);
    context.job_id = variable(JOB_ID).map(shorten_name);
    context
}

/// Corrects the process id, which differs in a forked child.
pub(crate) fn of_this_process(mut process: Arc<Process>) -> Arc<Process> {
    let pid = std::process::id();
    if pid != process.pid {
        Arc::make_mut(&mut process).pid = pid;
    }
    process
}

fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok()).filter(|value| !value.is_empty())
}
