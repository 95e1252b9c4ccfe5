//! A rule: conditions on a failure, and the suggestion if they hold.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::condition::{Condition, Names, Phrases, ValueMatcher};
use super::value_test::ValueTest;
use record::{Behaviour, Category, Failure};

/// The function of a rule. It returns a suggestion for a failure.
pub(super) type RuleFn = Arc<dyn Fn(&Failure) -> Option<String> + Send + Sync>;

/// A suggestion for a kind of failure, and the conditions under which it is made.
///
/// All conditions have to hold. The built-in rules use the same conditions. `Builder::rule` of `tracing-failure` adds a
/// rule to a recorder. The more specific the conditions of a rule are, the earlier its suggestion is listed.
///
/// The suggestion consists of whole sentences: what was observed, what it means, what to do first.
///
/// It is a template. `{rtol}` stands for the value that a condition on `rtol` found, and `{rtol.name}` for the name of
/// that value in the record. `{residual}` stands for the name of the series that a condition on `residual` found. A
/// series has these attributes, such as `{residual.first}`:
///
/// | attribute | text |
/// | --- | --- |
/// | `first`, `last`, `smallest`, `largest` | a value of the series |
/// | `factor` | the factor between the first and the last value |
/// | `rate`, `fit` | the factor per occurrence, and R² of its fit |
/// | `rows` | the number of rows that show the behaviour |
/// | `from`, `to` | the first and the last of these rows: `t = 0.5`, `iteration 12` |
/// | `period` | the period of an oscillation |
/// | `decade` | the number of iterations for a factor of ten |
/// | `tolerance` | the target of the series, if the record has one |
/// | `needed` | the number of iterations until the tolerance |
/// | `bad`, `at` | the value that is non-finite or beyond a bound, and its position |
/// | `bound` | the bound |
///
/// A part in brackets is left out if one of its placeholders has no value.
///
/// ```
/// use tracing_failure::record::Behaviour;
/// use tracing_failure::{Category, Failure, Rule, ValueTest};
///
/// let rule = Rule::new("lattice.thermalisation", "{sweeps} sweeps are too few. Let 1000 pass before measuring.")
///     .category(Category::Stagnation)
///     .computation("wilson loop")
///     .value("sweeps|n_sweeps", ValueTest::Below(1000.0))
///     .source("lab notebook 12, p. 40");
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-rule-{}", std::process::id()));
/// let _guard = tracing_failure::builder(&dir).rule(rule).init()?;
/// tracing::error!(
///     computation = "wilson_loop",
///     theoretical_ref = "Eq. 3",
///     category = "stagnation",
///     n_sweeps = 200,
///     "the action stays"
/// );
/// let failure = Failure::from_path(dir.join("failures/latest.json"))?;
/// assert_eq!(failure.suggested_fixes[0], "200 sweeps are too few. Let 1000 pass before measuring.");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a rule does nothing until it is passed to a builder"]
pub struct Rule {
    pub(super) id: Cow<'static, str>,
    pub(super) text: RuleText,
    pub(super) categories: Vec<Category>,
    pub(super) conditions: Vec<Condition>,
    pub(super) source: Option<Cow<'static, str>>,
}

/// The source of a rule's suggestion.
#[derive(Clone)]
pub(super) enum RuleText {
    /// A text with placeholders for the findings of the conditions.
    Template(Cow<'static, str>),
    /// A function of the failure.
    Function(RuleFn),
}

impl Rule {
    /// Creates a rule with an id and a template. Without conditions, the rule holds for no failure.
    ///
    /// ```
    /// use tracing_failure::{Category, Rule};
    /// let rule = Rule::new("my.panic", "Read the panics page of the wiki.").category(Category::Panic);
    /// # let _ = rule;
    /// ```
    pub fn new(id: impl Into<Cow<'static, str>>, advice: impl Into<Cow<'static, str>>) -> Self {
        Rule::with(id.into(), RuleText::Template(advice.into()))
    }

    /// Creates a rule that calls a function. The function returns a suggestion or `None`.
    ///
    /// The function is called for each failure that satisfies the conditions. Without conditions, it is called for
    /// every failure. It must not report a failure itself, since each failure calls it.
    ///
    /// The function runs on a separate thread. If it panics, its suggestion is lost, unless the program is built with
    /// `panic = "abort"`. If it runs for longer than 20 ms, the recorder does not wait for it. After three timeouts in
    /// a row, the rule is disabled.
    ///
    /// ```
    /// use tracing_failure::{Failure, Rule};
    ///
    /// let rule = Rule::from_fn("my.beam", |failure: &Failure| {
    ///     let energy = failure.parameters.get("beam_energy")?.as_f64()?;
    ///     (energy > 7e3).then(|| format!("{energy} GeV is above the limit of the magnets."))
    /// });
    /// # let _ = rule;
    /// ```
    pub fn from_fn(
        id: impl Into<Cow<'static, str>>,
        function: impl Fn(&Failure) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Rule::with(id.into(), RuleText::Function(Arc::new(function)))
    }

    fn with(id: Cow<'static, str>, text: RuleText) -> Self {
        Rule { id, text, categories: Vec::new(), conditions: Vec::new(), source: None }
    }

    /// Requires this category. If the method is called several times, one of the categories suffices.
    ///
    /// ```
    /// use tracing_failure::{Category, Rule};
    /// let rule = Rule::new("my.grid", "Use a finer grid.")
    ///     .category(Category::Stagnation)
    ///     .category(Category::LossOfAccuracy);
    /// # let _ = rule;
    /// ```
    pub fn category(mut self, category: Category) -> Self {
        self.categories.push(category);
        self
    }

    /// Requires that the name of the computation contains one of these phrases.
    ///
    /// A phrase consists of whole words. Phrases are separated by `|`.
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.flow", "Start below the pole.").computation("rg flow|beta function");
    /// # let _ = rule;
    /// ```
    pub fn computation(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::Computation(Phrases::of(phrases)));
        self
    }

    /// Requires that the types, the messages, the notes or the reason of the error contain one of these phrases.
    ///
    /// A phrase consists of whole words. Phrases are separated by `|`. `NewtonError` counts as two words. The star in
    /// `lost * digits` stands for a few words. `zero !based` is `zero` without `based` after it.
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.cholesky", "Add 1e-10 to the diagonal.")
    ///     .words("cholesky|not positive definite");
    /// # let _ = rule;
    /// ```
    pub fn words(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::Words(Phrases::of(phrases)));
        self
    }

    /// Requires that a value passes a test.
    ///
    /// The value is a field of the failing event, a field of the error's data, or a parameter. Its name equals or ends
    /// with one of these names, which are separated by `|`. The first of them is its name in the template.
    ///
    /// ```
    /// use tracing_failure::{Rule, ValueTest};
    /// let rule = Rule::new("my.tolerance", "{rtol.name} = {rtol} is too tight.")
    ///     .value("rtol|rel_tol", ValueTest::Below(1e-12));
    /// # let _ = rule;
    /// ```
    pub fn value(mut self, names: &str, test: ValueTest) -> Self {
        self.conditions.push(Condition::Value(Names::of(names), ValueMatcher::of(test)));
        self
    }

    /// Requires that a series of the trail has one of these behaviours.
    ///
    /// The series is given by its name or its role, and several of them are separated by `|`. The first of them is the
    /// name of the series in the template. The roles are `residual`, `objective`, `norm`, `step`, `time` and `counter`;
    /// `quantity`, which stands for norms and for everything without another role; and `any`, which stands for every
    /// series except counters.
    ///
    /// ```
    /// use tracing_failure::Rule;
    /// use tracing_failure::record::Behaviour;
    /// let rule = Rule::new("my.energy", "The energy grows {energy.rate}-fold in each step. Use a symplectic method.")
    ///     .series("energy", &[Behaviour::GeometricGrowth]);
    /// # let _ = rule;
    /// ```
    pub fn series(mut self, names: &str, behaviours: &'static [Behaviour]) -> Self {
        self.conditions.push(Condition::Series(Names::of(names), behaviours));
        self
    }

    /// Requires that a series of the trail became non-finite. The names are those of [`series`](Self::series).
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.nan", "{any} is {any.bad} at {any.at}.").non_finite("any");
    /// # let _ = rule;
    /// ```
    pub fn non_finite(mut self, names: &str) -> Self {
        self.conditions.push(Condition::NonFinite(Names::of(names)));
        self
    }

    /// Requires that a series of the trail crossed a bound. The names are those of [`series`](Self::series).
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.density", "{density} fell to {density.bad} at {density.at}.")
    ///     .crossed("density");
    /// # let _ = rule;
    /// ```
    pub fn crossed(mut self, names: &str) -> Self {
        self.conditions.push(Condition::BoundCrossing(Names::of(names)));
        self
    }

    /// Sets the source of the suggestion, such as a book. The record contains it.
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.rule", "…").words("lapse").source("Numerical Relativity, §4.2");
    /// # let _ = rule;
    /// ```
    pub fn source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the function of the rule, if it has one instead of a template.
    pub(super) fn function(&self) -> Option<&RuleFn> {
        match &self.text {
            RuleText::Function(function) => Some(function),
            RuleText::Template(_) => None,
        }
    }

    pub(super) fn categories(mut self, categories: &[Category]) -> Self {
        self.categories.extend_from_slice(categories);
        self
    }

    /// Requires that a parameter for the method, the computation or the innermost span contains one of these phrases.
    pub(super) fn method(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::Method(Phrases::of(phrases)));
        self
    }

    /// Requires that a text of the failure, or a parameter for the method, the computation or the innermost span
    /// contains one of these phrases.
    pub(super) fn words_or_method(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::WordsOrMethod(Phrases::of(phrases)));
        self
    }

    /// Requires that a series grew by at least this factor.
    pub(super) fn growth(mut self, names: &str, factor: f64) -> Self {
        self.conditions.push(Condition::Growth(Names::of(names), factor));
        self
    }

    /// Requires that a series grew by at least this factor and then became non-finite.
    pub(super) fn overflow(mut self, names: &str, factor: f64) -> Self {
        self.conditions.push(Condition::Overflow(Names::of(names), factor));
        self
    }

    /// Requires that neither the error nor the method contains one of these phrases.
    pub(super) fn unless_words(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::WithoutWords(Phrases::of(phrases)));
        self
    }

    /// Requires a parameter that is not finite, unless it is an infinity that its name allows.
    pub(super) fn non_finite_parameter(mut self) -> Self {
        self.conditions.push(Condition::NonFiniteParameter);
        self
    }

    /// Requires that the function returned a value that is not finite.
    pub(super) fn non_finite_result(mut self) -> Self {
        self.conditions.push(Condition::NonFiniteResult);
        self
    }

    /// Requires that the trail has no such series.
    pub(super) fn unless_series(mut self, names: &str) -> Self {
        self.conditions.push(Condition::WithoutSeries(Names::of(names)));
        self
    }

    /// Requires that no value passes the test.
    pub(super) fn unless_value(mut self, names: &str, test: ValueTest) -> Self {
        self.conditions.push(Condition::WithoutValue(Names::of(names), ValueMatcher::of(test)));
        self
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { id, categories, conditions, source, .. } = self;
        f.debug_struct("Rule")
            .field("id", id)
            .field("categories", categories)
            .field("conditions", conditions)
            .field("source", source)
            .finish_non_exhaustive()
    }
}
