//! Rules for the process rather than the mathematics: panics, memory, time.

use super::terms::{DECAY, SLOW_DECAY};
use crate::rules::{Rule, ValueTest};
use record::Category::*;

const STD: &str = "The Rust standard library";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "panic.index",
            "An index is beyond the end of an array; the stack frame shows which one. Check whether the loop runs one \
             too far (0..=n instead of 0..n), the grid has ghost cells, or the array is shorter than assumed.",
        )
        .category(Panic)
        .words("index out of bounds|out of range|index out of range|range end index|out of bounds")
        .source(STD),
        Rule::new(
            "index.range",
            "An index is beyond the end of an array; the stack frame shows which one. Check whether the loop runs one \
             too far (range(n + 1) instead of range(n)), axes are exchanged, or the array is shorter than assumed.",
        )
        .category(Other)
        .words("index error")
        .source("Python, IndexError"),
        Rule::new(
            "panic.integer_overflow",
            "An integer left its range. The most common case is n − 1 with an unsigned n = 0; sizes and factorials \
             overflow u32 and i32 early. Use u64 or i128, checked_mul or saturating_sub, or floats.",
        )
        .words("with overflow|integer overflow")
        .source(STD),
        Rule::new(
            "panic.none",
            "A value that the code expects is missing (None); the stack frame shows which one. Return an error that \
             names it instead of calling unwrap. In a sort or a maximum of floats (partial_cmp), the cause is a NaN: \
             use total_cmp, and find where the NaN comes from.",
        )
        .words("on a none value|called option unwrap|none value")
        .source(STD),
        Rule::new(
            "panic.unwrap",
            "An error was unwrapped; its text follows in the message. Return it with `?`, so that the record has its \
             type and its sources.",
        )
        .category(Panic)
        .words("on an err value|called result unwrap")
        .source(STD),
        Rule::new(
            "panic.division_by_zero",
            "An integer was divided by zero: a count, stride or block size is 0. Check it before the division. The \
             parameters of the record show the values of the call.",
        )
        .words("divide by zero|division by zero|divisor of zero")
        // The message for floats, and in Python.
        .unless_words("encountered|float|floating point|zero division error")
        .source(STD),
        Rule::new(
            "panic",
            "The first frame of your own code shows where it panicked. Turn the condition into an error that names its \
             values, so that the record has them.",
        )
        .category(Panic)
        .source(STD),
        Rule::new(
            "out_of_memory.size",
            "{size.name} = {size} needs more memory than there is. Check its unit and sign (a negative number becomes \
             1.8e19 as an unsigned one). Store the data sparse or in single precision, or process them in blocks.",
        )
        .category(OutOfMemory)
        .value("size|bytes|n|len|length|elements|capacity|dimension|points|grid|unknowns", ValueTest::Above(1e6))
        .source(STD),
        Rule::new(
            "out_of_memory",
            "Estimate the size of the largest array (n² · 8 bytes for a dense matrix). Store it sparse or in single \
             precision, process it in blocks or matrix-free, or distribute it over processes. On one machine, run \
             fewer of them.",
        )
        .category(OutOfMemory)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §3"),
        Rule::new(
            "time_limit.converging",
            "{residual} was at {residual.last} and still falling when the time ran out. Another factor of ten takes \
             about {residual.decade} times as long as one iteration[, and reaching {residual.tolerance} about \
             {residual.needed} times as long]. Ask for that much more time, or continue from a checkpoint.",
        )
        .category(TimeLimit)
        .series("residual|objective", DECAY)
        .source("SLURM, sbatch --time"),
        Rule::new(
            "time_limit.slow",
            "{residual} was at {residual.last} and falling slowly when the time ran out: a factor of ten takes \
             {residual.decade} iterations[, and reaching {residual.tolerance} takes about {residual.needed}]. More \
             time alone is not worth it. Precondition or accelerate the iteration.",
        )
        .category(TimeLimit)
        .series("residual|objective", SLOW_DECAY)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §9"),
        Rule::new(
            "time_limit",
            "The time ran out. Write checkpoints and continue from the last one, or ask for more time. If the trail \
             shows that the computation stagnated, more time does not help.",
        )
        .category(TimeLimit)
        .source("SLURM, sbatch --time"),
        Rule::new(
            "killed",
            "The process was killed (SIGKILL), usually because it exceeded a time or memory limit. Check the limits of \
             the scheduler and the log of the kernel (oom-kill). If memory ran out, find the array that grows, store \
             it sparse or in blocks, or ask for more.",
        )
        .category(Killed)
        .source("Linux, oom_kill; SLURM, sbatch --mem"),
        Rule::new(
            "interrupted",
            "The computation was stopped on request; nothing is wrong with the mathematics. Continue from the last \
             checkpoint.",
        )
        .category(Interrupted)
        .source("POSIX, signals"),
    ]
}
