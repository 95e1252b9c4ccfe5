//! Terminates git when the program that called it is killed.
//!
//! A killed program runs no destructor, but the system closes its pipes. A shell reads the process group of the current
//! call from a pipe, and terminates that group when the pipe is closed.

#[cfg(unix)]
pub(crate) use shell::Watchdog;

#[cfg(not(unix))]
pub(crate) use none::Watchdog;

#[cfg(unix)]
mod shell {
    use std::io::Write;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, ChildStdin, Command, Stdio};
    use std::sync::{Mutex, OnceLock};
    use std::time::{Duration, Instant};

    use crate::waiting::wait_until;
    use runtime::lock::lock;

    /// Each line is a process group. An empty line means that the call has ended.
    const SCRIPT: &str = "while read -r line; do group=$line; done; [ -n \"$group\" ] || exit
        kill -s TERM -- \"-$group\"; sleep 1; kill -s KILL -- \"-$group\"";

    /// Maximum time to wait for the exit of the shell.
    const EXIT_TIMEOUT: Duration = Duration::from_secs(1);

    /// Watches the calls of one publishing. There is one call at a time.
    #[derive(Debug, Default)]
    pub(crate) struct Watchdog(OnceLock<Option<Mutex<Shell>>>);

    #[derive(Debug)]
    struct Shell {
        process: Child,
        input: Option<ChildStdin>,
    }

    /// Ends the watch of a call when it is dropped.
    pub(crate) struct WatchGuard<'a>(&'a Watchdog);

    impl Watchdog {
        /// Terminates the process group if this program ends before the guard is dropped. Without a shell, this does
        /// nothing.
        pub(crate) fn watch(&self, group: u32) -> WatchGuard<'_> {
            self.send_line(&format!("{group}\n"));
            WatchGuard(self)
        }

        fn send_line(&self, line: &str) {
            let shell = self.0.get_or_init(|| Shell::start().map(Mutex::new));
            if let Some(mut shell) = shell.as_ref().and_then(lock)
                && let Some(input) = &mut shell.input
            {
                let _ = input.write_all(line.as_bytes());
            }
        }
    }

    impl Drop for WatchGuard<'_> {
        fn drop(&mut self) {
            self.0.send_line("\n");
        }
    }

    impl Shell {
        fn start() -> Option<Self> {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", SCRIPT]).env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
            // In its own process group, the shell is not interrupted together with the program.
            command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut process = command.spawn().ok()?;
            Some(Shell { input: process.stdin.take(), process })
        }
    }

    impl Drop for Shell {
        fn drop(&mut self) {
            self.input = None;
            let started = Instant::now();
            let _ = wait_until(&mut self.process, || started.elapsed() > EXIT_TIMEOUT);
        }
    }
}

#[cfg(not(unix))]
mod none {
    #[derive(Debug, Default)]
    pub(crate) struct Watchdog;

    pub(crate) struct WatchGuard;

    impl Watchdog {
        pub(crate) fn watch(&self, _group: u32) -> WatchGuard {
            WatchGuard
        }
    }
}
