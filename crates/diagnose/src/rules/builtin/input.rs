//! Rules for the input: shapes, missing values, files.

use crate::rules::{Rule, ValueTest};
use record::Category::*;

const SHAPES: &str = "NumPy, broadcasting rules";
const GUIDELINES: &str = "Rust API Guidelines, C-VALIDATE";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "dimension_mismatch.shapes",
            "{expected.name} = {expected} does not match {found.name} = {found}. Print both shapes where they meet. \
             Check whether one has to be transposed, or was cut or padded before.",
        )
        .category(DimensionMismatch)
        .value("expected|left|lhs|a_shape|columns|edges", ValueTest::Known)
        .value("found|actual|got|right|rhs|b_shape|edges|coefficients", ValueTest::Known)
        .source(SHAPES),
        Rule::new(
            "dimension_mismatch.square",
            "Only a square matrix has an inverse, a determinant or eigenvalues. With more equations than unknowns, use \
             least squares (lstsq); for singular values, use SVD. Otherwise find the rows or columns that were cut \
             off.",
        )
        .category(DimensionMismatch)
        .words("must be square|expected square matrix|not square|non square|nonsquare|square matrix")
        .source(SHAPES),
        Rule::new(
            "dimension_mismatch.scalar",
            "The objective has to return one number. Sum up the squares, or pass the vector of residuals to a \
             least-squares method.",
        )
        .category(DimensionMismatch)
        .words("return a scalar|scalar value|scalar output|scalar outputs")
        .source("SciPy, scipy.optimize.minimize"),
        Rule::new(
            "dimension_mismatch.underdetermined",
            "There are fewer data than parameters, or more constraints than unknowns. Fix parameters or take more \
             data. Leave out constraints that follow from others.",
        )
        .category(DimensionMismatch)
        .words("number of data points|func input vector|constraints than independent")
        .source("SciPy, scipy.optimize.leastsq; Nocedal & Wright, Numerical Optimization, §10"),
        Rule::new(
            "dimension_mismatch.ragged",
            "A row is shorter or longer than the others. Print the lengths of the rows. A field may be empty, a line \
             may be cut off, a text may contain the separator, or the entries may be arrays of different shapes.",
        )
        .category(DimensionMismatch)
        .words("inhomogeneous|number of columns changed|ragged")
        .source("NumPy, numpy.array and numpy.loadtxt"),
        Rule::new(
            "dimension_mismatch.count",
            "Two numbers that have to agree differ; the message names them. If one of them is zero, the values were \
             not set at all. Otherwise print both lists where they are created, and find the entry that is missing or \
             that is there twice.",
        )
        .category(DimensionMismatch)
        .words(
            "number of parameters|number of * does not match number|does not match number|do not match number|count \
                does not match|counts do not match|count mismatch|lanes mismatch|wrong number of|incorrect number of",
        )
        .source(GUIDELINES),
        Rule::new(
            "dimension_mismatch.words",
            "The shapes do not match. Print both where they meet, and check the order of the axes: rows before \
             columns, a transpose, a vector that should be a column. Then check whether the data were cut short or \
             belong to another grid.",
        )
        .category(DimensionMismatch)
        .words(
            "shape|shapes|shape error|broadcast|dimension|dimensions|matrix multiplication|elements|columns|rows|\
                length|lengths|size|sizes|compatible|incompatible",
        )
        .source(SHAPES),
        Rule::new(
            "dimension_mismatch",
            "The shapes do not match. Print both where they meet, and check the order of the axes: rows before \
             columns, a transpose, a vector that should be a column. Then check whether one of them was cut, padded or \
             left empty before.",
        )
        .category(DimensionMismatch)
        .source(SHAPES),
        Rule::new(
            "input.empty",
            "{any.name} is empty, because a filter, a file or a range (its end may be before its start) gave no \
             values. Check it where it is created, and reject an empty input there.",
        )
        .categories(&[MissingInput, DimensionMismatch, DomainError, Initialization, Panic, NonFinite, Other])
        .value("any", ValueTest::Empty)
        .source(GUIDELINES),
        Rule::new(
            "input.empty_words",
            "The input is empty, because a filter, a file or a range (its end may be before its start) gave no values. \
             Check it where it is created, and reject an empty input there.",
        )
        .words(
            "empty|no data|no elements|no samples|zero length|zero size array|fft data points|no rows|no residuals|\
                no points|nothing left|none left|nothing to",
        )
        .source(GUIDELINES),
        Rule::new(
            "input.few",
            "There are no samples, or fewer than the statistic needs (a variance with ddof = 1 needs two). Check what \
             the selection before it kept, and leave out groups that are too small.",
        )
        .words("degrees of freedom for slice|small sample|sample arguments is too small")
        .source("NumPy, numpy.var; SciPy, scipy.stats"),
        Rule::new(
            "input.negative_size",
            "A size is negative: it is a difference of two indices or counts in the wrong order, or an integer that \
             overflowed. Check how it is computed.",
        )
        .words("negative dimensions|negative dimension")
        .source("NumPy, numpy.zeros"),
        Rule::new(
            "input.order",
            "The abscissas have to increase strictly. Sort them together with their values (argsort), and average or \
             remove duplicates.",
        )
        .words(
            "strictly increasing|increasing sequence|must be increasing|increasing order|strictly ascending|to not \
                have duplicates",
        )
        .source("SciPy, scipy.interpolate.CubicSpline"),
        Rule::new(
            "input.points",
            "There are fewer points than the degree needs: a spline of degree k needs at least k + 1. Lower the \
             degree, or find out why so few points are left.",
        )
        .words("m k must hold")
        .source("SciPy, scipy.interpolate.splrep"),
        Rule::new(
            "input.too_few",
            "There are fewer points than the method needs; the message names the minimum. Find out why so few are left \
             (a filter, a mask, a run that ended early), or use a method of lower order.",
        )
        .category(MissingInput)
        .words("at least|not enough")
        .unless_words("memory|disk|space|time|version|precision|digits|unpack|format|arguments")
        .source("SciPy, scipy.interpolate"),
        Rule::new(
            "input.short_series",
            "The series is shorter than the padding that the filter adds at its ends. Use a longer series, a lower \
             order, or a smaller padlen.",
        )
        .category(Initialization)
        .words("padlen")
        .source("SciPy, scipy.signal.filtfilt"),
        Rule::new(
            "missing_input.package",
            "A package is not installed in the environment that runs this code (in a notebook, that of its kernel). \
             Install it there (%pip install), or choose another kernel.",
        )
        .category(MissingInput)
        .words("no module named|module not found error")
        .source("Python, ModuleNotFoundError"),
        Rule::new(
            "missing_input.null",
            "{any.name} was not given. Provide it, or a default that is right for this computation.",
        )
        .categories(&[MissingInput, Panic, Initialization])
        .value("any", ValueTest::Null)
        .source(GUIDELINES),
        Rule::new(
            "missing_input.file",
            "A file was not found. Check its path against the working directory (context.process.cwd), and check that \
             the step that writes it has run.",
        )
        .category(MissingInput)
        .words("no such file|file not found|cannot open|os error")
        .source("POSIX, ENOENT"),
        Rule::new(
            "missing_input.variable",
            "A required setting is missing. Set the environment variable, the configuration entry or the condition \
             that the message names, or define a default for it.",
        )
        .words(
            "environment variable|missing field|missing parameter|missing argument|missing key|not present|not \
                set|not provided|not given",
        )
        .source(GUIDELINES),
        Rule::new(
            "missing_input.name",
            "The requested name does not exist. Compare it with the names that do (spelling, case, an older version of \
             the file), and map it or add it.",
        )
        .category(MissingInput)
        .words(
            "not in dataset|no such key|no such column|unknown variable|undefined variable|no entry|key \
                error|catalogue|catalog|dataset",
        )
        .source(GUIDELINES),
        Rule::new(
            "domain_error.table",
            "The argument is outside the table. Check whether it should be there (wrong units, an unphysical state on \
             the way). Extend the table, or extrapolate on purpose and document it.",
        )
        .words(
            "interpolation range|out of bounds in dimension|table range|outside of table|outside the table|out of \
                table|outside of range|outside the range|outside of the range",
        )
        .source("Press et al., Numerical Recipes, §3"),
        Rule::new(
            "missing_input.truncated",
            "The file is shorter than it should be. Compare its size with the expected size, and use the previous \
             file. Write to a temporary file and rename it, so that a killed run leaves no truncated file.",
        )
        .category(MissingInput)
        .words("truncated|unexpected eof|unexpected end|end of file|too short")
        .source("POSIX, rename"),
        Rule::new(
            "input.bounds",
            "The bounds are equal or in the wrong order. Exchange them, and find where they come from.",
        )
        .category(Initialization)
        .words(
            "must be smaller|must be less|must be larger|wrong order|interval is empty|reversed|lower bound \
                exceeds|bound is less than|lower bounds is greater",
        )
        .source(GUIDELINES),
        Rule::new(
            "input.argument",
            "An argument is not what the function accepts; the message names what it expects. Print the argument where \
             it is created, and reject wrong values there. Usual mistakes are a fraction instead of an integer, a \
             wrong unit, and wrong names or a wrong order of arguments.",
        )
        .category(Initialization)
        .words("must be|must not be|should be|expect")
        .unless_words("initial|start|state|guess|interval|bracket|sign|signs|positive|negative|nonnegative|greater")
        .source(GUIDELINES),
        Rule::new(
            "input.parse",
            "A text is not the number or the record that it should be. Look at the place that the message names. The \
             usual causes are NaN, a decimal comma, a unit after the number, a fraction instead of an integer, and an \
             empty field.",
        )
        .words(
            "invalid float|invalid digit|invalid type|expected value at|trailing characters|eof while \
                parsing|cannot parse|could not parse|failed to parse|could not convert string",
        )
        .source(GUIDELINES),
        Rule::new(
            "input.initial_guess",
            "The solver has no point to start from. Give it an initial guess, and a gradient or a Jacobian if it asks \
             for one.",
        )
        .words(
            "initial parameter vector|initial guess|initial parameters|requires an initial|not initialized|no \
                initial",
        )
        .source(GUIDELINES),
        Rule::new(
            "missing_input",
            "An input that the computation needs was not given. Find its name in the message, and follow it back to \
             where it should have been set.",
        )
        .category(MissingInput)
        .source(GUIDELINES),
    ]
}
