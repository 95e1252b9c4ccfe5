//! The first part of a record's file name: what area of work the computation belongs to.

use crate::phrases::Words;

/// Longest area that a file name begins with.
const MAX_LENGTH: usize = 40;

/// Which computations belong to which area.
#[derive(Clone, Debug, Default)]
pub struct Areas {
    own: Vec<(String, Vec<String>)>,
}

/// The areas of the format's authors, and the words of a computation's name that tell them.
const KNOWN: &[(&str, &[&str])] = &[
    ("rg_flow", &["rg", "renormalization", "renormalisation"]),
    ("observable", &["observable", "observables"]),
    ("topology", &["topology", "topological", "betti", "homology", "cohomology", "chern"]),
];

/// The area of all others.
const GENERAL: &str = "general";

impl Areas {
    /// Computations whose names hold one of these words, or that are named exactly so, belong to this area.
    pub fn add(&mut self, area: &str, names: &[&str]) {
        self.own.push((file_name_part(area), names.iter().map(|name| name.to_lowercase()).collect()));
    }

    /// The area of a computation: safe as part of a file name, whatever the computation is called.
    pub fn of(&self, computation: &str) -> &str {
        let words = Words::of(computation);
        let own = self
            .own
            .iter()
            .find(|(_, names)| names.iter().any(|name| computation.eq_ignore_ascii_case(name) || words.contains(name)));
        if let Some((area, _)) = own {
            return area;
        }
        let known = KNOWN.iter().find(|(_, names)| words.iter().any(|word| names.contains(&word)));
        known.map_or(GENERAL, |(area, _)| area)
    }
}

/// Letters, digits, `-` and `_` of a name; never a way out of the directory.
pub fn file_name_part(name: &str) -> String {
    let part: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(MAX_LENGTH).collect();
    if part.trim_matches('_').is_empty() { GENERAL.to_owned() } else { part }
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
            proptest::prop_assert!(!part.is_empty() && part.len() <= MAX_LENGTH);
            proptest::prop_assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        }
    }
}
