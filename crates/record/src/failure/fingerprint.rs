//! Fingerprints: the same failure in different runs has the same one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::context::{ErrorEntry, Relation};
use super::identifiers::without_identifiers;
use super::record::Failure;

impl Failure {
    /// Returns the fingerprint, which is equal for the same failure in every run: `context.fingerprint`, or the same
    /// hash if a record of another program has none.
    ///
    /// The hash covers the computation, the reference, the error types, the message without its varying parts, and the
    /// location: the file and the span, but not the line, which changes with every edit.
    ///
    /// ```
    /// use tracing_failure::Failure;
    ///
    /// let failure = |message: &str| Failure::new("rg_flow", "Eq. 1.12", "Diverged", message);
    /// assert_eq!(failure("residual 1.0e-3").fingerprint(), failure("residual 1.7e-3").fingerprint());
    /// assert_ne!(failure("residual 1.0e-3").fingerprint(), failure("residual NaN").fingerprint());
    /// ```
    pub fn fingerprint(&self) -> Cow<'_, str> {
        let context = &self.context;
        if let Some(fingerprint) = &context.fingerprint {
            return Cow::Borrowed(fingerprint);
        }
        let (members, chain): (Vec<_>, Vec<_>) =
            context.errors.iter().partition(|error| error.relation == Some(Relation::Member));
        // Which tasks fail, and in which order, varies between runs.
        let members: BTreeSet<&str> = members.into_iter().flat_map(names).collect();
        let types = chain.into_iter().flat_map(names).chain(members);
        let message = template(without_count(&self.error_message));
        let file = context.location.as_ref().and_then(|location| location.file.as_deref());
        // Only some of the programs that run notebooks know the name of the notebook.
        let file = if file.is_some() && file == context.notebook.as_deref() { Some("notebook") } else { file };
        let span = context.spans.first().map(|span| &*span.name);
        // The message `Any { .. }` contains no information, so the message of the original panic is added.
        let origin = context.panic_origin.as_ref().and_then(|origin| origin.cause());
        let cause = origin.map(|panic| template(&panic.message)).filter(|cause| *cause != message);
        let parts = [self.computation.as_str(), &self.theoretical_ref, &self.error_type].into_iter();
        let parts = parts.chain(types).chain([message.as_str()]).chain(file).chain(span);
        Cow::Owned(fingerprint(parts.chain(cause.as_deref())))
    }
}

fn names(error: &ErrorEntry) -> impl Iterator<Item = &str> {
    [error.type_name.as_deref(), error.variant.as_deref()].into_iter().flatten()
}

/// Removes `(3 sub-exceptions)` from the message of a Python exception group.
fn without_count(message: &str) -> &str {
    let count = message.strip_suffix(" sub-exceptions)").or_else(|| message.strip_suffix(" sub-exception)"));
    match count.and_then(|text| text.rsplit_once(" (")) {
        Some((text, count)) if count.bytes().all(|byte| byte.is_ascii_digit()) => text,
        _ => message,
    }
}

/// Returns the hash of the parts that are equal when the same failure occurs again: FNV-1a, 64 bits, in hexadecimal.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add_byte = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    for part in parts {
        part.bytes().for_each(&mut add_byte);
        // This byte does not occur in UTF-8, so it separates the parts unambiguously.
        add_byte(0xff);
    }
    format!("{hash:016x}")
}

/// Returns the message without the parts that vary between runs. Placeholders replace ids, times and temporary paths.
/// Each number becomes its order of magnitude, so that 1e-12 and 1.5e-12 agree. Numbers in names stay, so that SU(2)
/// and SU(3) differ.
pub(crate) fn template(message: &str) -> String {
    with_numbers_as(&without_identifiers(message), size_class)
}

/// Replaces each number that is not part of a name with an ellipsis.
pub fn without_numbers(message: &str) -> String {
    with_numbers_as(message, |_, _| "…".to_owned())
}

fn with_numbers_as(message: &str, stand_in: impl Fn(&str, bool) -> String) -> String {
    let mut template = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let sign = usize::from(before.ends_with(['-', '+']));
        template.push_str(&before[..start - sign]);
        let length = number_length(number);
        let (word, after) = number.split_at(length);
        if is_part_of_name(&template, &before[start - sign..], after) {
            template.push_str(&before[start - sign..]);
            template.push_str(word);
        } else {
            template.push_str(&stand_in(word, before.ends_with('-')));
        }
        rest = after;
    }
    template.push_str(rest);
    template
}

/// Returns the length of the number at the start of a text: digits, a fraction, an exponent; or hexadecimal digits
/// after `0x`.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize, is: fn(&u8) -> bool| bytes[from..].iter().take_while(|byte| is(byte)).count();
    if text.starts_with("0x") {
        return 2 + digits(2, u8::is_ascii_hexdigit);
    }
    let mut length = digits(0, u8::is_ascii_digit);
    if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
        length += 1 + digits(length + 1, u8::is_ascii_digit);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'-' | b'+')));
        let exponent = digits((length + 1 + sign).min(bytes.len()), u8::is_ascii_digit);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// Returns true if a number belongs to a name, as in `SU(3)`, `x2`, `2x` and `Dopri5`: a letter is adjacent to the
/// number or to the parenthesis around it.
fn is_part_of_name(before: &str, sign: &str, after: &str) -> bool {
    let touches = |c: char| c.is_alphabetic() || c == '_';
    let is_called = sign.is_empty()
        && before.strip_suffix('(').is_some_and(|name| name.ends_with(touches))
        && after.starts_with(')');
    is_called || (sign.is_empty() && before.ends_with(touches)) || after.starts_with(touches)
}

/// Returns the order of magnitude of a number. Single digits stay, because dimensions and orders distinguish failures.
fn size_class(word: &str, negative: bool) -> String {
    let sign = if negative { "-" } else { "" };
    if word.starts_with("0x") {
        return "<hex>".to_owned();
    }
    if word.len() == 1 {
        return format!("{sign}{word}");
    }
    match word.parse::<f64>() {
        Ok(0.0) => "<0>".to_owned(),
        Ok(x) if x.is_finite() => format!("<{sign}1e{}>", x.log10().floor()),
        _ => format!("<{sign}huge>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_size_agree() {
        for (a, b) in [
            ("residual 1e-12", "residual 1.5e-12"),
            ("Stopped at x = -9.78391. Step size underflow.", "Stopped at x = -9.7. Step size underflow."),
            ("need more than 100000 steps", "need more than 250000 steps"),
            ("at 0x7ffee4c0", "at 0x11"),
            ("[1.25, 3.5]", "[2.75, 9.5]"),
        ] {
            assert_eq!(template(a), template(b));
        }
    }

    #[test]
    fn numbers_in_names_are_kept() {
        for (a, b) in [
            ("SU(2) link", "SU(3) link"),
            ("x1 is NaN", "x2 is NaN"),
            ("Dopri5 failed", "Dopri8 failed"),
            ("Dopri853 failed", "Dopri851 failed"),
            ("dimension 2", "dimension 3"),
            ("residual 1e-12", "residual 1e-3"),
            ("residual 12.5", "residual -12.5"),
        ] {
            assert_ne!(template(a), template(b));
        }
        assert_eq!(template("no numbers: ∇·B ≠ 0"), "no numbers: ∇·B ≠ 0");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(fingerprint(["ab", "c"]), fingerprint(["a", "bc"]));
        assert_eq!(fingerprint(["rg_flow"]), "ee294d766330b668");
    }

    proptest::proptest! {
        #[test]
        fn any_message_has_a_template(message in "\\PC{0,60}") {
            template(&message);
        }
    }
}
