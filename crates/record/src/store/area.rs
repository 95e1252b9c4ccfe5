//! Areas: the first part of a record's file name.

use crate::phrases::WordSequence;

/// Maximum length of an area in a file name.
const MAX_AREA_CHARS: usize = 40;

/// Maps computations to areas.
#[derive(Clone, Debug, Default)]
pub struct Areas {
    custom: Vec<(String, Vec<String>)>,
}

/// The areas that the authors of the record format use, with the words of a computation's name that identify them.
const BUILTIN_AREAS: &[(&str, &[&str])] = &[
    ("rg_flow", &["rg", "renormalization", "renormalisation"]),
    ("observable", &["observable", "observables"]),
    ("topology", &["topology", "topological", "betti", "homology", "cohomology", "chern"]),
];

/// The area of all other computations.
const GENERAL_AREA: &str = "general";

impl Areas {
    /// Assigns computations to an area: those whose name contains one of these words or is equal to one of them.
    pub fn add(&mut self, area: &str, names: &[&str]) {
        self.custom.push((file_name_part(area), names.iter().map(|name| name.to_lowercase()).collect()));
    }

    /// Returns the area of a computation. It is safe as part of a file name, whatever the name of the computation.
    pub fn of(&self, computation: &str) -> &str {
        let words = WordSequence::of(computation);
        let custom = self
            .custom
            .iter()
            .find(|(_, names)| names.iter().any(|name| computation.eq_ignore_ascii_case(name) || words.contains(name)));
        if let Some((area, _)) = custom {
            return area;
        }
        let known = BUILTIN_AREAS.iter().find(|(_, names)| words.iter().any(|word| names.contains(&word)));
        known.map_or(GENERAL_AREA, |(area, _)| area)
    }
}

/// Reduces a name to letters, digits, `-` and `_`, so that it cannot leave the directory.
pub fn file_name_part(name: &str) -> String {
    let part: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .take(MAX_AREA_CHARS)
        .collect();
    if part.trim_matches('_').is_empty() { GENERAL_AREA.to_owned() } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computations_find_their_area() {
        let mut areas = Areas::default();
        areas.add("lattice/qcd", &["wilson", "plaquette average"]);
        for (computation, area) in [
            ("rg_flow_integration", "rg_flow"),
            ("observable_critical_exponent", "observable"),
            ("topology_betti", "topology"),
            ("bettiNumbers", "topology"),
            ("wilson_loop", "lattice_qcd"),
            ("Plaquette Average", "lattice_qcd"),
            ("fluid_flow", "general"),
            ("euler_method", "general"),
            ("", "general"),
            ("../../etc/passwd", "general"),
        ] {
            assert_eq!(areas.of(computation), area, "{computation}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_name_leads_out_of_the_directory(name in "\\PC{0,60}") {
            let part = file_name_part(&name);
            proptest::prop_assert!(!part.is_empty() && part.len() <= MAX_AREA_CHARS);
            proptest::prop_assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        }
    }
}
