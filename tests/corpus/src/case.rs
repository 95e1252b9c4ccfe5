/// A computation that fails, and what a numerical analyst says about it.
pub struct Case {
    /// How the rules relate to this case.
    pub batch: Batch,
    /// A unique name in snake case.
    pub name: &'static str,
    /// The crate and the method.
    pub solver: &'static str,
    /// The computation, and why it fails.
    pub problem: &'static str,
    /// The expected category: the name of a `tracing_failure::Category`.
    pub category: &'static str,
    /// The advice that an analyst gives first.
    pub advice: &'static str,
    /// Runs the computation, which writes a record.
    pub run: fn(),
}

/// A set of cases with the same relation to the rules. The hit rates of the batches measure different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Batch {
    /// The rules were developed with these cases.
    Development,
    /// These cases were written independently of the rules. Later rules were developed with them.
    HeldOut,
    /// These cases were written after the rules, by an author who had not read them. Only their first run measured how
    /// well the rules generalise: the reason codes and words that were missing have been added since.
    Unseen,
}
