//! A filter by target and level, as in `RUST_LOG`.

use std::fmt;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// Targets and their levels.
#[derive(Clone, Debug)]
pub(crate) struct TargetFilter {
    targets: Targets,
    most: LevelFilter,
}

/// A directive of a filter that cannot be parsed.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-filter-{}", std::process::id()));
/// let error = tracing_failure::builder(&dir).log_filter("solver=loud").init().unwrap_err();
/// assert_eq!(error.to_string(), "log filter: `solver=loud`: expected `level`, `target` or `target=level`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The filter with the directive.
    filter: &'static str,
    part: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`: expected `level`, `target` or `target=level`", self.filter, self.part)
    }
}

impl std::error::Error for FilterError {}

impl TargetFilter {
    /// Parses `info,solver=debug`. An empty text means INFO.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        match Self::parse_leniently(text) {
            (filter, None) => Ok(filter),
            (_, Some(error)) => Err(error),
        }
    }

    /// Parses the filter of a trail. If it only turns targets off, all others keep this level.
    pub(crate) fn parse_for_trail(text: &str, level: LevelFilter) -> Result<Self, FilterError> {
        let mut filter = Self::parse(text).map_err(|error| FilterError { filter: "trail filter", ..error })?;
        let is_empty = text.split(',').all(|part| part.trim().is_empty());
        let turns_off = || filter.targets.iter().all(|(_, level)| level == LevelFilter::OFF);
        if is_empty || (filter.targets.default_level().is_none() && turns_off()) {
            filter.targets = filter.targets.with_default(level);
            filter.most = level;
        }
        Ok(filter)
    }

    /// Parses `RUST_LOG`. Unsupported directives of other programs are reported and ignored.
    pub(crate) fn from_env() -> Self {
        let text = std::env::var("RUST_LOG").unwrap_or_default();
        let (filter, error) = Self::parse_leniently(&text);
        if let Some(error) = error {
            runtime::stderr::print(format_args!("tracing-failure: RUST_LOG: {error}; that part is ignored"));
        }
        filter
    }

    fn parse_leniently(text: &str) -> (Self, Option<FilterError>) {
        let mut targets = Targets::new();
        let mut wrong = None;
        let mut any = false;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.parse::<Targets>() {
                Ok(parsed) if !part.contains(['[', '{', ' ']) => {
                    any = true;
                    targets = targets.with_targets(parsed.iter());
                    if let Some(level) = parsed.default_level() {
                        targets = targets.with_default(level);
                    }
                }
                _ => {
                    wrong.get_or_insert(FilterError { filter: "log filter", part: part.to_owned() });
                }
            }
        }
        if !any {
            targets = targets.with_default(LevelFilter::INFO);
        }
        let levels = targets.iter().map(|(_, level)| level).chain(targets.default_level());
        let most = levels.max().unwrap_or(LevelFilter::OFF);
        (TargetFilter { targets, most }, wrong)
    }

    pub(crate) fn enables(&self, meta: &Metadata<'_>) -> bool {
        self.most >= *meta.level() && self.targets.would_enable(meta.target(), meta.level())
    }

    /// Returns true if a directive names this target and enables more of it than the default.
    pub(crate) fn prefers(&self, target: &str) -> bool {
        let default = self.targets.default_level().unwrap_or(LevelFilter::OFF);
        self.targets.iter().any(|(named, level)| level > default && target.starts_with(named))
    }

    /// Returns the most detailed level that the filter enables.
    pub(crate) fn most(&self) -> LevelFilter {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_levels() {
        let filter = TargetFilter::parse("warn, solver=debug").unwrap();
        assert!(filter.targets.would_enable("solver::step", &tracing::Level::DEBUG));
        assert!(!filter.targets.would_enable("other", &tracing::Level::INFO));
        assert_eq!(filter.most(), LevelFilter::DEBUG);
        assert_eq!(TargetFilter::parse("").unwrap().most(), LevelFilter::INFO);
        assert_eq!(TargetFilter::parse("off").unwrap().most(), LevelFilter::OFF);
        for wrong in ["solver=loud", "a[span]=debug", "a=b=c"] {
            assert!(TargetFilter::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_trail_that_turns_targets_off_keeps_the_others() {
        let keeps = |text, target: &str| {
            let filter = TargetFilter::parse_for_trail(text, LevelFilter::DEBUG).unwrap();
            filter.targets.would_enable(target, &tracing::Level::DEBUG)
        };
        assert!(keeps("h2=off", "solver") && !keeps("h2=off", "h2::frame"));
        assert!(keeps("", "solver") && keeps(" , ", "solver"));
        assert!(!keeps("solver=debug", "other") && keeps("solver=debug", "solver::newton"));
        assert!(!keeps("info,h2=off", "solver"));
    }

    #[test]
    fn the_most_specific_directive_is_preferred() {
        let filter = TargetFilter::parse_for_trail("info,solver=debug,h2=warn", LevelFilter::DEBUG).unwrap();
        assert!(filter.prefers("solver::newton") && !filter.prefers("h2") && !filter.prefers("other"));
    }
}
