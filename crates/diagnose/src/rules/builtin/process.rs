//! Rules for the process rather than the mathematics: panics, memory, time.

use super::{DECAY, SLOW_DECAY};
use crate::rules::{Rule, ValueTest};
use record::Category::*;

const STD: &str = "The Rust standard library";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "panic.index",
            "an index is beyond the end: see the frame for which, and whether the loop runs one too far (0..=n for \
             0..n), the grid has ghost cells, or the array is shorter than assumed",
        )
        .category(Panic)
        .words("index out of bounds|out of range|index out of range|range end index|out of bounds")
        .source(STD),
        Rule::new(
            "index.range",
            "an index is beyond the end: see the frame for which, and whether the loop runs one too far (range(n + 1) \
             for range(n)), axes are exchanged, or the array is shorter than assumed",
        )
        .category(Other)
        .words("index error")
        .source("Python, IndexError"),
        Rule::new(
            "panic.integer_overflow",
            "an integer left its range: sizes and factorials overflow u32 and i32 early. Use u64 or i128, checked_mul \
             or saturating_sub, or floats; n − 1 of an unsigned 0 is the most common case",
        )
        .words("with overflow|integer overflow")
        .source(STD),
        Rule::new(
            "panic.none",
            "a value that was taken for granted is not there (None): see the frame for which, and return an error \
             that names it instead of unwrap. In a sort or a maximum of floats (partial_cmp) it is a NaN: use \
             total_cmp, and find where it comes from",
        )
        .words("on a none value|called option unwrap|none value")
        .source(STD),
        Rule::new(
            "panic.unwrap",
            "an error was unwrapped: its text follows in the message. Hand it on with `?` so that the record has its \
             type and its sources",
        )
        .category(Panic)
        .words("on an err value|called result unwrap")
        .source(STD),
        Rule::new(
            "panic.division_by_zero",
            "an integer was divided by zero: a count, stride or block size is 0. Check it before; the parameters of \
             the record say with what it was called",
        )
        .words("divide by zero|division by zero|divisor of zero")
        // The message for floats, and in Python.
        .unless_words("encountered|float|floating point|zero division error")
        .source(STD),
        Rule::new(
            "panic",
            "the first frame of your own code says where; turn the condition into an error that names its values, so \
             that the record has them",
        )
        .category(Panic)
        .source(STD),
        Rule::new(
            "out_of_memory.size",
            "{size.name} = {size} is more than there is memory for: check its unit and sign (a negative number \
             becomes 1.8e19 as an unsigned one), store it sparse or in single precision, or work through it in \
             blocks",
        )
        .category(OutOfMemory)
        .value("size|bytes|n|len|length|elements|capacity|dimension|points|grid|unknowns", ValueTest::Above(1e6))
        .source(STD),
        Rule::new(
            "out_of_memory",
            "estimate the largest array (n² · 8 bytes for a dense matrix): store it sparse or in single precision, \
             work through it in blocks or matrix-free, distribute it over processes, or fewer of them on one \
             machine",
        )
        .category(OutOfMemory)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §3"),
        Rule::new(
            "time_limit.converging",
            "{residual} was at {residual.last} and still falling, {residual.decade} occurrences for a factor of ten[, \
             some {residual.needed} more to {residual.tolerance}]: ask for as much more time, or go on from a \
             checkpoint",
        )
        .category(TimeLimit)
        .series("residual|objective", DECAY)
        .source("SLURM, sbatch --time"),
        Rule::new(
            "time_limit.slow",
            "{residual} was at {residual.last} and fell slowly, {residual.decade} occurrences for a factor of ten[, \
             some {residual.needed} more to {residual.tolerance}]: more time alone is not worth it; precondition or \
             accelerate",
        )
        .category(TimeLimit)
        .series("residual|objective", SLOW_DECAY)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §9"),
        Rule::new(
            "time_limit",
            "write checkpoints and go on from the last, ask for more time, or see in the trail whether it advanced at \
             all: what stagnates does not need more time",
        )
        .category(TimeLimit)
        .source("SLURM, sbatch --time"),
        Rule::new(
            "killed",
            "nothing is killed by SIGKILL but by who ran out of patience or memory: look at the scheduler's limits \
             and the kernel's log (oom-kill). If it was memory, see which array grows, store it sparse or in blocks, \
             or ask for more",
        )
        .category(Killed)
        .source("Linux, oom_kill; SLURM, sbatch --mem"),
        Rule::new(
            "interrupted",
            "somebody stopped it: nothing is wrong with the mathematics. Go on from the last checkpoint",
        )
        .category(Interrupted)
        .source("POSIX, signals"),
    ]
}
