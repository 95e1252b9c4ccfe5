//! jq filters, such as `.parameters.method == "RK45" and .parameters.rtol < 1e-6`.

use anyhow::{Result, anyhow};
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, load, unwrap_valr};
use jaq_json::Val;
use record::internal::parse;

use super::input::FilterInput;
use crate::screen::{truncate_to_width, width};

/// Maximum width of an error message, which may contain the whole record.
const MAX_ERROR_COLUMNS: usize = 200;

/// A compiled jq filter. A record passes if any output is neither false nor null.
pub(crate) struct JqFilter(jaq_core::Filter<JustLut<Val>>);

impl JqFilter {
    pub(crate) fn compile(code: &str) -> Result<Self> {
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let definitions = definitions.filter(|definition| !ends_process(definition.name));
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let functions = functions.filter(|(name, ..)| !ends_process(name));
        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(&arena, File { code, path: () })
            .map_err(|errors| compile_error(code, errors.into_iter().flat_map(|(_, error)| error_positions(error))))?;
        let filter = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
            let undefined = errors.into_iter().flat_map(|(_, undefined)| undefined);
            compile_error(code, undefined.map(|(name, kind)| (name, format!("undefined {}: {name}", kind.as_str()))))
        })?;
        Ok(JqFilter(filter))
    }

    /// Returns whether the record passes, or why the filter failed.
    pub(crate) fn passes(&self, json: &[u8]) -> Result<bool, String> {
        let FilterInput(record) = parse(json).map_err(|error| error.to_string())?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for output in self.0.id.run((context, record)).map(unwrap_valr) {
            match output {
                Ok(Val::Null | Val::Bool(false)) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(truncate_to_width(&error.to_string(), MAX_ERROR_COLUMNS).into_owned()),
            }
        }
        Ok(false)
    }
}

/// Returns true for `halt` and its variants, which would end the process.
fn ends_process(name: &str) -> bool {
    name.starts_with("halt")
}

/// The positions of syntax errors, each with a message.
fn error_positions(error: load::Error<&str>) -> Vec<(&str, String)> {
    match error {
        load::Error::Io(errors) => errors,
        load::Error::Lex(errors) => {
            errors.into_iter().map(|(expected, place)| (place, format!("expected {}", expected.as_str()))).collect()
        }
        load::Error::Parse(errors) => {
            errors.into_iter().map(|(expected, place)| (place, format!("expected {}", expected.as_str()))).collect()
        }
    }
}

/// Formats the first error with its line of the filter and a mark under its position.
fn compile_error<'a>(code: &'a str, mut error_positions: impl Iterator<Item = (&'a str, String)>) -> anyhow::Error {
    let Some((place, message)) = error_positions.next() else { return anyhow!("not a jq filter") };
    // The position may be the end of the text, or outside of it if the error is not in the filter itself.
    let start = (place.as_ptr().addr().wrapping_sub(code.as_ptr().addr())).min(code.len());
    let (line_start, line) = line_at(code, start);
    let column = width(&code[line_start..start]);
    anyhow!("{message}\n  {line}\n  {:column$}^", "")
}

fn line_at(code: &str, at: usize) -> (usize, &str) {
    let start = code[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = code[at..].find('\n').map_or(code.len(), |newline| at + newline);
    (start, &code[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &[u8] = br#"{"parameters":{"method":"RK45","rtol":1e-9,"x":"NaN","big":"Infinity","n":[1,2],
        "seed":123456789012345678901234567890,"wide":"170141183460469231731687303715884105727"}}"#;

    fn passes(code: &str) -> Result<bool, String> {
        JqFilter::compile(code).unwrap().passes(RECORD)
    }

    #[test]
    fn conditions_over_a_record() {
        for (code, expected) in [
            (r#".parameters.method == "RK45" and .parameters.rtol < 1e-6"#, true),
            (".parameters.rtol > 1e-6", false),
            (".parameters.absent", false),
            (".parameters.x | isnan", true),
            (".parameters.big > 1e300", true),
            (".parameters.n[] > 1", true),
            (r#".parameters.method | test("^rk"; "i")"#, true),
            (".parameters.seed == 123456789012345678901234567890", true),
            (".parameters.seed == 123456789012345678901234567891", false),
            (".parameters.seed > 123456789012345678901234567889", true),
            (".parameters.wide == 170141183460469231731687303715884105727", true),
            (".parameters.wide == 170141183460469231731687303715884105726", false),
            ("empty", false),
            ("select(.parameters.rtol)", true),
        ] {
            assert_eq!(passes(code), Ok(expected), "{code}");
        }
        assert!(passes(".parameters.method.order").is_err());
    }

    #[test]
    fn a_wrong_filter_is_shown_where_it_is_wrong() {
        let codes = [".parameters.rtol <", ".parameters[ == 3", ".a |\n  nonsense(1)", "\"open", "$x", "halt"];
        let errors: Vec<String> = codes.iter().map(|code| JqFilter::compile(code).err().unwrap().to_string()).collect();
        insta::assert_snapshot!(errors.join("\n"), @r#"
        expected term
          .parameters.rtol <
                            ^
        expected closing bracket
          .parameters[ == 3
                           ^
        undefined filter: nonsense
            nonsense(1)
            ^
        expected closing quote
          "open
               ^
        undefined variable: $x
          $x
          ^
        undefined filter: halt
          halt
          ^
        "#);
    }
}
