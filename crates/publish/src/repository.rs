//! The repository that contains the directory of records.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::branch::{Branch, join};
use crate::config::Config;
use crate::error::PublishError;
use crate::git::{Git, path_of};
use crate::message::REFLOG_MESSAGE;
use runtime::io_error::about;

pub(crate) struct Repository {
    /// Runs git in the directory of the records. Any call may use ssh, because a partial clone fetches missing objects.
    pub(crate) git: Git,
    /// The canonical path of the directory of records.
    pub(crate) dir: PathBuf,
    pub(crate) work_tree: PathBuf,
    /// The path of the directory in the work tree. It is empty or ends with a slash.
    pub(crate) prefix: Vec<u8>,
    pub(crate) git_dir: PathBuf,
    pub(crate) common_dir: PathBuf,
    pub(crate) config: Config,
}

impl Repository {
    /// Finds the repository whose work tree contains the directory.
    pub(crate) fn find(git: Git, dir: &Path) -> Result<Option<Self>, PublishError> {
        let output = git.run(&["rev-parse", "--is-inside-work-tree"], Vec::new())?;
        // A damaged repository is reported with the message of git.
        if !output.succeeded && output.stderr.contains("not a git repository (or any") {
            return Ok(None);
        }
        if output.into_stdout()?.trim_ascii() != b"true" {
            return Ok(None);
        }
        let path = |name: &str| {
            Ok(path_of(&trim_line_end(git.read(&["rev-parse", "--path-format=absolute", name], Vec::new())?)))
        };
        let prefix = trim_line_end(git.read(&["rev-parse", "--show-prefix"], Vec::new())?);
        let depth = prefix.iter().filter(|byte| **byte == b'/').count();
        let config = Config::read(&git)?;
        Ok(Some(Repository {
            work_tree: dir.ancestors().nth(depth).unwrap_or(dir).to_owned(),
            prefix,
            git_dir: path("--git-dir")?,
            common_dir: path("--git-common-dir")?,
            git: with_batch_ssh(&git, &config),
            dir: dir.to_owned(),
            config,
        }))
    }

    /// Returns the directory for the publisher's state in a directory of git. Creates it if necessary.
    pub(crate) fn state_dir(&self, in_dir: &Path) -> Result<PathBuf, PublishError> {
        let dir = in_dir.join("tracing-failure");
        match std::fs::create_dir(&dir) {
            Ok(()) => self.share(&dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(PublishError::Io(about(&dir, "cannot create the directory", error))),
        }
        Ok(dir)
    }

    /// Sets the permissions of a file or directory according to `core.sharedRepository`, as git does.
    #[cfg_attr(not(unix), allow(unused_variables))]
    pub(crate) fn share(&self, path: &Path) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let Some(shared) = self.config.get("core.sharedrepository").and_then(shared_mode) else { return };
            let Ok(metadata) = std::fs::metadata(path) else { return };
            let old = metadata.permissions().mode() & 0o7777;
            let mut new = old | shared;
            if metadata.is_dir() {
                // Users who may read a directory may also enter it, and new files inherit its group.
                new |= (shared & 0o444) >> 2 | 0o2000;
            }
            if new != old {
                // This fails for other users. The owner has already set the permissions.
                let _ = std::fs::set_permissions(path, PermissionsExt::from_mode(new));
            }
        }
    }

    /// Returns the branch that is checked out. It may have no commit yet.
    pub(crate) fn current_branch(&self) -> Result<Option<Branch>, PublishError> {
        Ok(self.symbolic_target(OsStr::new("HEAD"))?.and_then(|head| Branch::from_full_name(&head)))
    }

    /// Returns the target of a symbolic reference, or `None` if the reference is not symbolic.
    pub(crate) fn symbolic_target(&self, name: &OsStr) -> Result<Option<Vec<u8>>, PublishError> {
        let answer = self.git.run(&[OsStr::new("symbolic-ref"), OsStr::new("-q"), name], Vec::new())?;
        Ok(answer.succeeded.then(|| answer.stdout.trim_ascii_end().to_vec()))
    }

    /// Returns the name of the empty tree.
    pub(crate) fn empty_tree(&self) -> Result<String, PublishError> {
        self.git.output_line(&["hash-object", "-t", "tree", "--stdin"], Vec::new())
    }

    /// Returns the commit of HEAD, or the empty tree if there is no commit yet.
    pub(crate) fn head_or_empty(&self) -> Result<String, PublishError> {
        self.commit_of("HEAD")?.map_or_else(|| self.empty_tree(), Ok)
    }

    /// Returns the commit with this full reference name or object name.
    pub(crate) fn commit_of(&self, name: impl AsRef<OsStr>) -> Result<Option<String>, PublishError> {
        let commit = join([name.as_ref(), OsStr::new("^{commit}")]);
        self.git.try_output_line(&[OsStr::new("rev-parse"), OsStr::new("-q"), OsStr::new("--verify"), &commit])
    }

    /// Moves a branch from the old commit to the new one. Returns false if it was not at the old commit.
    pub(crate) fn move_branch(&self, branch: &Branch, new: &str, old: Option<&str>) -> Result<bool, PublishError> {
        let name = branch.full_name();
        let words = ["update-ref", "--no-deref", "-m", REFLOG_MESSAGE].map(OsStr::new);
        let words = [&words[..], &[&name, OsStr::new(new), OsStr::new(old.unwrap_or_default())]].concat();
        let output = self.git.run(&words, Vec::new())?;
        if output.succeeded {
            return Ok(true);
        }
        let has_moved = self.commit_of(&name)?.as_deref() != old;
        if has_moved || output.stderr.contains("reference already exists") {
            Ok(false)
        } else {
            Err(output.into_error())
        }
    }

    /// Undoes a move of a branch. Returns false if the branch has moved on.
    pub(crate) fn move_back(&self, branch: &Branch, new: &str, old: Option<&str>) -> Result<bool, PublishError> {
        match old {
            Some(old) => self.move_branch(branch, old, Some(new)),
            None => {
                let words = ["update-ref", "--no-deref", "-d"].map(OsStr::new);
                let name = branch.full_name();
                let words = [&words[..], &[&name, OsStr::new(new)]].concat();
                Ok(self.git.run(&words, Vec::new())?.succeeded)
            }
        }
    }

    /// Returns the path of a record relative to the root of the work tree.
    pub(crate) fn path_of(&self, name: &str) -> Vec<u8> {
        [&self.prefix, name.as_bytes()].concat()
    }
}

/// Returns the permission bits that `core.sharedRepository` adds to a file.
#[cfg(unix)]
fn shared_mode(setting: &str) -> Option<u32> {
    match setting.to_ascii_lowercase().as_str() {
        "group" | "true" | "yes" | "on" | "1" => Some(0o660),
        "all" | "world" | "everybody" | "2" => Some(0o664),
        octal if octal.len() > 1 => u32::from_str_radix(octal, 8).ok().map(|mode| mode & 0o666),
        _ => None,
    }
}

/// Configures the user's ssh command to never prompt.
fn with_batch_ssh(git: &Git, config: &Config) -> Git {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let configured = variable("GIT_SSH_COMMAND").or_else(|| config.get("core.sshcommand").map(str::to_owned));
    let program = || variable("GIT_SSH").map(|program| format!("'{}'", program.replace('\'', "'\\''")));
    let ssh = configured.or_else(program).unwrap_or_else(|| "ssh".to_owned());
    let is_other = ["plink", "putty"].iter().any(|name| ssh.to_lowercase().contains(name));
    git.with_variable("GIT_SSH_COMMAND", if is_other { ssh } else { ssh + " -oBatchMode=yes" })
}

/// Removes the final line end. A path may contain other line ends.
fn trim_line_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    line
}
