//! Work on several threads whose results are merged in order.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, available_parallelism, scope};

/// Maximum number of unmerged inputs of a thread. It bounds the memory.
const MAX_UNMERGED: usize = 3;

/// Returns the number of threads that work at the same time.
pub(super) fn thread_count() -> usize {
    available_parallelism().map_or(1, |cores| cores.get())
}

/// Calls `work` for each input on several threads, and `merge` for each result in the order of the inputs. `next` and
/// `merge` run on the calling thread. Stops when `merge` returns `Break`.
pub(super) fn process_in_order<T: Send, R: Send>(
    threads: usize,
    mut next: impl FnMut() -> Option<T>,
    work: impl Fn(T) -> R + Sync,
    mut merge: impl FnMut(R) -> ControlFlow<()>,
) -> ControlFlow<()> {
    scope(|scope| {
        let start = |_| -> Option<(SyncSender<T>, Receiver<R>)> {
            let (inputs, queue) = sync_channel(MAX_UNMERGED);
            let (done, results) = sync_channel(MAX_UNMERGED);
            let work = &work;
            let run = move || {
                for input in queue {
                    if done.send(work(input)).is_err() {
                        break;
                    }
                }
            };
            Builder::new().spawn_scoped(scope, run).ok().map(|_| (inputs, results))
        };
        let workers: Vec<_> = (0..threads).filter_map(start).collect();
        if workers.is_empty() {
            while let Some(input) = next() {
                merge(work(input))?;
            }
            return ControlFlow::Continue(());
        }
        let (mut sent, mut merged, mut is_end) = (0, 0, false);
        loop {
            while !is_end && sent - merged < workers.len() * MAX_UNMERGED {
                let is_sent = next().is_some_and(|input| workers[sent % workers.len()].0.send(input).is_ok());
                is_end = !is_sent;
                sent += usize::from(is_sent);
            }
            // A result is absent only if its thread panicked. The end of the scope propagates the panic.
            let result = if merged < sent { workers[merged % workers.len()].1.recv().ok() } else { None };
            let Some(result) = result else { return ControlFlow::Continue(()) };
            merged += 1;
            merge(result)?;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_merged_in_order() {
        for threads in [0, 1, 3] {
            let (mut inputs, mut results) = (0..100, Vec::new());
            let work = |input: u64| {
                std::thread::sleep(std::time::Duration::from_micros(input * 37 % 11));
                input * 2
            };
            let merge = |result| {
                results.push(result);
                ControlFlow::Continue(())
            };
            let flow = process_in_order(threads, || inputs.next(), work, merge);
            assert!(flow.is_continue());
            assert_eq!(results, (0..100).map(|input| input * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn merging_can_stop() {
        for threads in [0, 1, 3] {
            let (mut inputs, mut results) = (0.., 0);
            let merge = |_| {
                results += 1;
                if results == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            assert!(process_in_order(threads, || inputs.next(), |input: u64| input, merge).is_break());
            assert_eq!(results, 5);
        }
    }
}
