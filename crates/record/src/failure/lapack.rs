//! Messages of LAPACK: the name of a routine and a number, `info`.

use std::cmp::Ordering;

use super::category::Category;
use crate::phrases::WordSequence;

/// Prefixes of routine names that identify the kind of matrix. Source: LAPACK Users' Guide, §2.2.3.
const MATRICES: [&str; 20] = [
    "bd", "gb", "ge", "gg", "gt", "hb", "he", "hp", "hs", "pb", "po", "pp", "pt", "sb", "sp", "st", "sy", "tb", "tp",
    "tr",
];

/// Operations that fail for a singular matrix: factorise, solve, invert. Those for symmetric matrices also fail if the
/// matrix is not positive definite.
const FACTORISATIONS: [&str; 12] = ["trf", "trf2", "tf2", "trs", "tri", "sv", "svx", "svxx", "rfs", "ls", "gv", "gvd"];

/// Operations that compute eigenvalues or singular values. They do not converge if the matrix is not finite.
const DECOMPOSITIONS: [&str; 17] = [
    "ev", "evd", "evr", "evx", "ev3", "es", "esx", "es3", "eqr", "qr", "sdd", "svd", "svdx", "sdc", "svj", "lsd", "lss",
];

/// Returns the category of a message that names a routine: "Internal potrf return info = [2]", "LAPACK dgesv failed
/// (info = 3)".
pub(super) fn category(text: &str, words: &WordSequence) -> Option<Category> {
    let category = words.iter().find_map(category_of_routine)?;
    match sign_of_info(text) {
        Some(Ordering::Greater) => Some(category),
        // A negative number identifies an argument with an illegal value.
        Some(Ordering::Less) => Some(Category::Initialization),
        Some(Ordering::Equal) => None,
        None => ["lapack", "lapacke"].iter().any(|word| words.contains(word)).then_some(category),
    }
}

fn category_of_routine(word: &str) -> Option<Category> {
    let without_precision = word.strip_prefix(['s', 'd', 'c', 'z']).and_then(category_of_operation);
    without_precision.or_else(|| category_of_operation(word))
}

fn category_of_operation(name: &str) -> Option<Category> {
    let operation = MATRICES.iter().find_map(|matrix| name.strip_prefix(matrix))?;
    if FACTORISATIONS.contains(&operation) {
        Some(Category::SingularMatrix)
    } else {
        DECOMPOSITIONS.contains(&operation).then_some(Category::NonFinite)
    }
}

/// Compares the first number that follows `info` in a text with 0.
fn sign_of_info(text: &str) -> Option<Ordering> {
    let numbers = text.to_ascii_lowercase();
    numbers.split("info").skip(1).find_map(|after| {
        let number = after.trim_start_matches(|c: char| c.is_ascii_whitespace() || "=:([".contains(c));
        let digits = number.strip_prefix('-').unwrap_or(number);
        let digits = &digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())];
        match digits {
            "" => None,
            zeros if zeros.bytes().all(|digit| digit == b'0') => Some(Ordering::Equal),
            _ if number.starts_with('-') => Some(Ordering::Less),
            _ => Some(Ordering::Greater),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::failure::Category;

    #[test]
    fn routine_and_info_determine_the_category() {
        for (text, category) in [
            ("Internal potrf return info = [2] for slices [0].", Some(Category::SingularMatrix)),
            ("LAPACK dgesv failed (info = 3)", Some(Category::SingularMatrix)),
            ("LAPACKE_dgetrf returned 5", Some(Category::SingularMatrix)),
            ("DSYTRF: INFO=4", Some(Category::SingularMatrix)),
            ("zheevd: info 7", Some(Category::NonFinite)),
            ("Internal geev return info = [1] for slices [0].", Some(Category::NonFinite)),
            ("dpotrf: info = -4", Some(Category::Initialization)),
            ("DGESDD INFO=[-4]", Some(Category::Initialization)),
            ("two gels meet at the interface", None),
            ("no info about geese", None),
            ("info - 3 sysv queues are left", None),
            ("dpotrf: info = 0", None),
            ("potrf", None),
        ] {
            assert_eq!(Category::of_text(text), category, "{text}");
        }
    }
}
