//! A rule: what to look for in a failure, and what to say when it is there.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::condition::{Condition, Names, Phrases, ValueMatcher};
use super::test::Test;
use record::{Behaviour, Category, Failure};

/// What a rule's own code says of a failure.
pub(super) type RuleFn = Arc<dyn Fn(&Failure) -> Option<String> + Send + Sync>;

/// Advice for failures of a kind: conditions, all of which have to hold, and the advice, which names what they found.
///
/// The built-in rules are made of the same conditions. Those of a program come in by [`Builder::rule`](crate::Builder::rule),
/// and the more specific the evidence of a rule is, the earlier its advice stands.
///
/// The advice is a text with placeholders. `{rtol}` is the value that a condition on `rtol` found, and `{rtol.name}` the name
/// it has in the record. Of a series, `{residual}` is its name, and there are `{residual.first}`, `last`, `smallest`, `largest`,
/// `factor` (the last beside the first), `rate`, `fit`, `rows`, `period`, `decade` (occurrences for a factor of ten), `needed`
/// (occurrences until the tolerance, where one is known), `tolerance`, `from` and `to` (where it was meanwhile: `t = 0.5`,
/// `iteration 12`), and `bad`, `bound` and `at`, for values that are not finite or cross a bound. A part in brackets is left
/// out where something in it is not known.
///
/// ```
/// use tracing_failure::record::Behaviour;
/// use tracing_failure::{Category, Failure, Rule, Test};
///
/// let rule = Rule::new("lattice.thermalisation", "{sweeps} sweeps are too few here: let 1000 pass before measuring")
///     .category(Category::Stagnation)
///     .computation("wilson loop")
///     .value("sweeps|n_sweeps", Test::Below(1000.0))
///     .source("lab notebook 12, p. 40");
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-rule-{}", std::process::id()));
/// let _guard = tracing_failure::builder(&dir).rule(rule).init()?;
/// tracing::error!(
///     computation = "wilson_loop", theoretical_ref = "Eq. 3", category = "stagnation", n_sweeps = 200, "the action stays"
/// );
/// let failure = Failure::from_path(dir.join("failures/latest.json"))?;
/// assert_eq!(failure.suggested_fixes[0], "200 sweeps are too few here: let 1000 pass before measuring");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a rule does nothing until a builder has it"]
pub struct Rule {
    pub(super) id: Cow<'static, str>,
    pub(super) text: RuleText,
    pub(super) categories: Vec<Category>,
    pub(super) conditions: Vec<Condition>,
    pub(super) source: Option<Cow<'static, str>>,
}

/// What a rule says.
#[derive(Clone)]
pub(super) enum RuleText {
    /// A text with placeholders for what the conditions found.
    Template(Cow<'static, str>),
    /// Whatever its code makes of the failure.
    Function(RuleFn),
}

impl Rule {
    /// A rule of this name that gives this advice. Without conditions it holds for no failure.
    ///
    /// ```
    /// use tracing_failure::{Category, Rule};
    /// let rule = Rule::new("my.panic", "read the panics page of the wiki").category(Category::Panic);
    /// # let _ = rule;
    /// ```
    pub fn new(id: impl Into<Cow<'static, str>>, advice: impl Into<Cow<'static, str>>) -> Self {
        Rule::with(id.into(), RuleText::Template(advice.into()))
    }

    /// A rule of your own code, called for each failure for which its conditions hold; for all, without any. It says what to
    /// try, or nothing.
    ///
    /// It is called in a thread of its own. What panics costs only itself, unless the program is built to abort then; what takes
    /// longer than 20 ms is not waited for, and after three times in a row not asked again. It must not fail a computation
    /// itself: each failure calls it.
    ///
    /// ```
    /// use tracing_failure::{Failure, Rule};
    ///
    /// let rule = Rule::from_fn("my.beam", |failure: &Failure| {
    ///     let energy = failure.parameters.get("beam_energy")?.as_f64()?;
    ///     (energy > 7e3).then(|| format!("{energy} GeV is above what the magnets hold"))
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

    /// Holds for this category. Of several, one suffices.
    ///
    /// ```
    /// use tracing_failure::{Category, Rule};
    /// let rule = Rule::new("my.grid", "use a finer grid").category(Category::Stagnation).category(Category::LossOfAccuracy);
    /// # let _ = rule;
    /// ```
    pub fn category(mut self, category: Category) -> Self {
        self.categories.push(category);
        self
    }

    /// Holds where the computation's name has one of these phrases of whole words, parted by `|`.
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.flow", "start below the pole").computation("rg flow|beta function");
    /// # let _ = rule;
    /// ```
    pub fn computation(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::Computation(Phrases::of(phrases)));
        self
    }

    /// Holds where the error's types, its messages, its reason or what was said at last have one of these phrases of whole
    /// words, parted by `|`; `NewtonError` is two words, and in `lost * digits` a few may stand in the place of the star.
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.cholesky", "add 1e-10 to the diagonal").words("cholesky|not positive definite");
    /// # let _ = rule;
    /// ```
    pub fn words(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::Words(Phrases::of(phrases)));
        self
    }

    /// Holds where a value passes the test: a field of the failing event, of the error's data, or a parameter, whose name is
    /// or ends with one of these, parted by `|`. The first of them names it in the advice.
    ///
    /// ```
    /// use tracing_failure::{Rule, Test};
    /// let rule = Rule::new("my.tolerance", "{rtol.name} = {rtol} is too tight").value("rtol|rel_tol", Test::Below(1e-12));
    /// # let _ = rule;
    /// ```
    pub fn value(mut self, names: &str, test: Test) -> Self {
        self.conditions.push(Condition::Value(Names::of(names), ValueMatcher::of(test)));
        self
    }

    /// Holds where a series of the trail goes in one of these ways. It is asked for by its name or by its role: `residual`,
    /// `objective`, `norm`, `step`, `time`, `counter`, `quantity` for what is none of these or a norm, `any` for all but counters; several are parted by `|`, and the first of them names it in
    /// the advice.
    ///
    /// ```
    /// use tracing_failure::Rule;
    /// use tracing_failure::record::Behaviour;
    /// let rule = Rule::new("my.energy", "the energy grows {energy.rate}-fold a step: use a symplectic method")
    ///     .series("energy", &[Behaviour::GeometricGrowth]);
    /// # let _ = rule;
    /// ```
    pub fn series(mut self, names: &str, behaviours: &'static [Behaviour]) -> Self {
        self.conditions.push(Condition::Series(Names::of(names), behaviours));
        self
    }

    /// Holds where a series of the trail came to a value that is not finite. Names as in [`series`](Self::series).
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.nan", "{any} is {any.bad} at {any.at}").non_finite("any");
    /// # let _ = rule;
    /// ```
    pub fn non_finite(mut self, names: &str) -> Self {
        self.conditions.push(Condition::NonFinite(Names::of(names)));
        self
    }

    /// Holds where a series of the trail crossed a bound. Names as in [`series`](Self::series).
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.density", "{density} fell to {density.bad} at {density.at}").crossed("density");
    /// # let _ = rule;
    /// ```
    pub fn crossed(mut self, names: &str) -> Self {
        self.conditions.push(Condition::BoundCrossing(Names::of(names)));
        self
    }

    /// Where the advice is from: it stands beside it in the record.
    ///
    /// ```
    /// let rule = tracing_failure::Rule::new("my.rule", "…").words("lapse").source("Numerical Relativity, §4.2");
    /// # let _ = rule;
    /// ```
    pub fn source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn categories(mut self, categories: &[Category]) -> Self {
        self.categories.extend_from_slice(categories);
        self
    }

    /// Holds where the method has one of these names: a parameter that says so, the computation, or its span.
    pub(super) fn method(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::Method(Phrases::of(phrases)));
        self
    }

    /// Holds where a series grew by this factor in all.
    pub(super) fn growth(mut self, names: &str, factor: f64) -> Self {
        self.conditions.push(Condition::Growth(Names::of(names), factor));
        self
    }

    /// Holds where a series grew by this factor before it was not finite any more.
    pub(super) fn overflow(mut self, names: &str, factor: f64) -> Self {
        self.conditions.push(Condition::Overflow(Names::of(names), factor));
        self
    }

    /// Holds where neither the error nor the method has one of these phrases.
    pub(super) fn unless_words(mut self, phrases: &str) -> Self {
        self.conditions.push(Condition::WithoutWords(Phrases::of(phrases)));
        self
    }

    /// Holds where the trail has no such series.
    pub(super) fn unless_series(mut self, names: &str) -> Self {
        self.conditions.push(Condition::WithoutSeries(Names::of(names)));
        self
    }

    /// Holds where no value passes the test.
    pub(super) fn unless_value(mut self, names: &str, test: Test) -> Self {
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
