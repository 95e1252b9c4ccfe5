//! What the computation was given: shapes, missing values, files.

use crate::failure::Category::*;
use crate::suggest::{Rule, Test};

const SHAPES: &str = "NumPy, broadcasting rules";
const GUIDELINES: &str = "Rust API Guidelines, C-VALIDATE";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "dimension_mismatch.shapes",
            "{rows.name} = {rows} does not fit {columns.name} = {columns}: print both shapes where they meet, and see whether one \
             has to be transposed, or was cut or padded before",
        )
        .category(DimensionMismatch)
        .value("rows|left|expected|lhs|a_shape|columns|nrows|ncols", Test::Known)
        .value("columns|right|found|actual|got|rhs|b_shape|edges|len|length", Test::Known)
        .source(SHAPES),
        Rule::new(
            "dimension_mismatch",
            "print both shapes where they meet, and check the order of the axes: rows before columns, a transpose, a vector \
             that should be a column; then whether one of them was cut, padded or left empty before",
        )
        .category(DimensionMismatch)
        .source(SHAPES),
        Rule::new(
            "input.empty",
            "{any.name} is empty: what should fill it found nothing (a filter, a file, a range whose end is before its start). \
             Check it where it is made, and refuse it at the entrance",
        )
        .categories(&[MissingInput, DimensionMismatch, DomainError, Initialization, Panic, NonFinite, Other])
        .value("any", Test::Empty)
        .source(GUIDELINES),
        Rule::new(
            "input.empty_words",
            "there is nothing to compute with: what should fill the input found nothing (a filter, a file, a range whose end is \
             before its start). Check it where it is made, and refuse it at the entrance",
        )
        .words("empty|no data|no elements|no samples|zero length|no rows")
        .source(GUIDELINES),
        Rule::new(
            "missing_input.null",
            "{any.name} was not given: give it, or a default that is right for this computation",
        )
        .categories(&[MissingInput, Panic, Initialization])
        .value("any", Test::Null)
        .source(GUIDELINES),
        Rule::new(
            "missing_input.file",
            "a file is not where it was looked for: check the path against the working directory (context.process.cwd), and that \
             the step that writes it has run",
        )
        .category(MissingInput)
        .words("no such file|file not found|cannot open|os error")
        .source("POSIX, ENOENT"),
        Rule::new(
            "missing_input.variable",
            "a setting is not there: set the environment variable or the entry of the configuration that the message names, or \
             give it a default",
        )
        .words("environment variable|missing field|missing parameter|missing argument|missing key|not present")
        .source(GUIDELINES),
        Rule::new(
            "missing_input",
            "something that the computation needs was not given: see which name the message has, and follow it back to where it \
             should have been set",
        )
        .category(MissingInput)
        .source(GUIDELINES),
    ]
}
