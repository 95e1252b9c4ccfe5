//! Rules for the input: shapes, missing values, files.

use crate::rules::{Rule, ValueTest};
use record::Category::*;

const SHAPES: &str = "NumPy, broadcasting rules";
const GUIDELINES: &str = "Rust API Guidelines, C-VALIDATE";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "dimension_mismatch.shapes",
            "{expected.name} = {expected} does not fit {found.name} = {found}: print both shapes where they meet, and \
             see whether one has to be transposed, or was cut or padded before",
        )
        .category(DimensionMismatch)
        .value("expected|left|lhs|a_shape|columns|edges", ValueTest::Known)
        .value("found|actual|got|right|rhs|b_shape|edges|coefficients", ValueTest::Known)
        .source(SHAPES),
        Rule::new(
            "dimension_mismatch.square",
            "only a square matrix has an inverse, a determinant or eigenvalues: for more equations than unknowns that \
             is least squares (lstsq), for singular values SVD; else see which rows or columns were cut off",
        )
        .category(DimensionMismatch)
        .words("must be square|expected square matrix|not square|square matrix")
        .source(SHAPES),
        Rule::new(
            "dimension_mismatch.scalar",
            "the objective has to be one number: sum up the squares, or hand the vector of residuals to a method for \
             least squares",
        )
        .category(DimensionMismatch)
        .words("return a scalar|scalar value|scalar output|scalar outputs")
        .source("SciPy, scipy.optimize.minimize"),
        Rule::new(
            "dimension_mismatch.underdetermined",
            "there are not as many data (or unknowns, for constraints) as have to be: fix parameters or take more \
             data, and leave out constraints that follow from others",
        )
        .category(DimensionMismatch)
        .words("number of data points|func input vector|constraints than independent")
        .source("SciPy, scipy.optimize.leastsq; Nocedal & Wright, Numerical Optimization, §10"),
        Rule::new(
            "dimension_mismatch.ragged",
            "a row is shorter or longer than the others: print their lengths. A field is empty, a line was cut off, a \
             text has the separator in it, or the entries are arrays of different shapes",
        )
        .category(DimensionMismatch)
        .words("inhomogeneous|number of columns changed|ragged")
        .source("NumPy, numpy.array and numpy.loadtxt"),
        Rule::new(
            "dimension_mismatch.words",
            "print both shapes where they meet, and check the order of the axes: rows before columns, a transpose, a \
             vector that should be a column; then whether the data were cut short, or belong to another grid",
        )
        .category(DimensionMismatch)
        .words(
            "shape|shapes|shape error|broadcast|dimension|dimensions|matrix multiplication|elements|columns|rows|\
                length|lengths|size|sizes|compatible|incompatible",
        )
        .source(SHAPES),
        Rule::new(
            "dimension_mismatch",
            "print both shapes where they meet, and check the order of the axes: rows before columns, a transpose, a \
             vector that should be a column; then whether one of them was cut, padded or left empty before",
        )
        .category(DimensionMismatch)
        .source(SHAPES),
        Rule::new(
            "input.empty",
            "{any.name} is empty: what should fill it found nothing (a filter, a file, a range whose end is before \
             its start). Check it where it is made, and refuse it at the entrance",
        )
        .categories(&[MissingInput, DimensionMismatch, DomainError, Initialization, Panic, NonFinite, Other])
        .value("any", ValueTest::Empty)
        .source(GUIDELINES),
        Rule::new(
            "input.empty_words",
            "there is nothing to compute with: what should fill the input found nothing (a filter, a file, a range \
             whose end is before its start). Check it where it is made, and refuse it at the entrance",
        )
        .words(
            "empty|no data|no elements|no samples|zero length|zero size array|fft data points|no rows|no residuals|\
                no points|nothing left|none left|nothing to",
        )
        .source(GUIDELINES),
        Rule::new(
            "input.few",
            "there are fewer samples than the statistic needs, or none (a variance with ddof = 1 needs two): see what \
             the selection before it kept, and leave out groups that are too small",
        )
        .words("degrees of freedom for slice|small sample|sample arguments is too small")
        .source("NumPy, numpy.var; SciPy, scipy.stats"),
        Rule::new(
            "input.negative_size",
            "a size is negative: a difference of two indices or counts in the wrong order, or an integer that \
             overflowed; see how it is computed",
        )
        .words("negative dimensions|negative dimension")
        .source("NumPy, numpy.zeros"),
        Rule::new(
            "input.order",
            "the abscissas have to increase strictly: sort them together with their values (argsort), and average or \
             leave out what is there twice",
        )
        .words(
            "strictly increasing|increasing sequence|must be increasing|increasing order|strictly ascending|to not \
                have duplicates",
        )
        .source("SciPy, scipy.interpolate.CubicSpline"),
        Rule::new(
            "input.points",
            "there are fewer points than the degree needs: a spline of degree k wants k + 1 at least. Lower the \
             degree, or see why so few points are left",
        )
        .words("m k must hold")
        .source("SciPy, scipy.interpolate.splrep"),
        Rule::new(
            "input.too_few",
            "there are fewer points than the method needs, as the message says: see why so few are left (a filter, a \
             mask, a run that ended early), or take a method of a lower order",
        )
        .category(MissingInput)
        .words("at least|not enough")
        .unless_words("memory|disk|space|time|version|precision|digits|unpack|format|arguments")
        .source("SciPy, scipy.interpolate"),
        Rule::new(
            "input.short_series",
            "the series is shorter than what the filter adds at its ends: take a longer one, a lower order, or a \
             smaller padlen",
        )
        .category(Initialization)
        .words("padlen")
        .source("SciPy, scipy.signal.filtfilt"),
        Rule::new(
            "missing_input.package",
            "a package is not installed in the environment that runs this (in a notebook: that of its kernel): \
             install it there (%pip install), or choose the other kernel",
        )
        .category(MissingInput)
        .words("no module named|module not found error")
        .source("Python, ModuleNotFoundError"),
        Rule::new(
            "missing_input.null",
            "{any.name} was not given: give it, or a default that is right for this computation",
        )
        .categories(&[MissingInput, Panic, Initialization])
        .value("any", ValueTest::Null)
        .source(GUIDELINES),
        Rule::new(
            "missing_input.file",
            "a file is not where it was looked for: check the path against the working directory \
             (context.process.cwd), and that the step that writes it has run",
        )
        .category(MissingInput)
        .words("no such file|file not found|cannot open|os error")
        .source("POSIX, ENOENT"),
        Rule::new(
            "missing_input.variable",
            "something is not set: give the environment variable, the entry of the configuration or the condition \
             that the message names, or a default for it",
        )
        .words(
            "environment variable|missing field|missing parameter|missing argument|missing key|not present|not \
                set|not provided|not given",
        )
        .source(GUIDELINES),
        Rule::new(
            "missing_input.name",
            "what is asked for by name is not there: look at the names that are (spelling, case, an older version of \
             the file), and map or add it",
        )
        .category(MissingInput)
        .words(
            "not in dataset|no such key|no such column|unknown variable|undefined variable|no entry|key \
                error|catalogue|catalog|dataset",
        )
        .source(GUIDELINES),
        Rule::new(
            "domain_error.table",
            "the argument is outside of the table: see whether it should be there (units, an unphysical state on the \
             way), extend the table, or extrapolate on purpose and say so",
        )
        .words(
            "interpolation range|out of bounds in dimension|table range|outside of table|outside the table|out of \
                table|outside of range|outside the range|outside of the range",
        )
        .source("Press et al., Numerical Recipes, §3"),
        Rule::new(
            "missing_input.truncated",
            "the file is shorter than it should be: compare its size with what is expected, and take the one before. \
             Write to a temporary file and rename it, so that a killed run leaves none like it",
        )
        .category(MissingInput)
        .words("truncated|unexpected eof|unexpected end|end of file|too short")
        .source("POSIX, rename"),
        Rule::new(
            "input.bounds",
            "the bounds are the wrong way round, or the same: exchange them, and see where they come from",
        )
        .category(Initialization)
        .words(
            "must be smaller|must be less|must be larger|wrong order|interval is empty|reversed|lower bound \
                exceeds|bound is less than|lower bounds is greater",
        )
        .source(GUIDELINES),
        Rule::new(
            "input.argument",
            "an argument is not what the function takes, as the message says: print it where it is made (a fraction \
             where an integer is wanted, a unit, the names and order of arguments), and refuse it at the \
             entrance",
        )
        .category(Initialization)
        .words("must be|must not be|should be|expect")
        .unless_words("initial|start|state|guess|interval|bracket|sign|signs|positive|negative|nonnegative|greater")
        .source(GUIDELINES),
        Rule::new(
            "input.parse",
            "a text is not the number or the record that it should be: look at the place that the message names. NaN, \
             1e-6 with a comma, a unit behind the number, a fraction where an integer is wanted, and an empty field \
             are the usual causes",
        )
        .words(
            "invalid float|invalid digit|invalid type|expected value at|trailing characters|eof while \
                parsing|cannot parse|could not parse|failed to parse|could not convert string",
        )
        .source(GUIDELINES),
        Rule::new(
            "input.initial_guess",
            "the solver has no point to begin with: give it an initial guess (and a gradient or a Jacobian, where it \
             asks for one)",
        )
        .words(
            "initial parameter vector|initial guess|initial parameters|requires an initial|not initialized|no \
                initial",
        )
        .source(GUIDELINES),
        Rule::new(
            "missing_input",
            "something that the computation needs was not given: see which name the message has, and follow it back \
             to where it should have been set",
        )
        .category(MissingInput)
        .source(GUIDELINES),
    ]
}
