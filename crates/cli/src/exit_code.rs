//! The exit codes of the command.

use std::process;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// The command did everything that the command line asks for.
    Success,
    /// A check failed, a record is missing, invalid or left out, or a push did not arrive.
    Failure,
    /// The risk is as high as `failures risk --at` names, or higher.
    HighRisk,
}

impl ExitCode {
    /// The exit code of a check.
    pub(crate) fn of_check(passed: bool) -> Self {
        if passed { ExitCode::Success } else { ExitCode::Failure }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        match code {
            ExitCode::Success => process::ExitCode::SUCCESS,
            ExitCode::Failure => process::ExitCode::FAILURE,
            ExitCode::HighRisk => process::ExitCode::from(3),
        }
    }
}
