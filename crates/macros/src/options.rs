//! The options of the attribute.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::token::Paren;
use syn::{Error, Expr, Ident, LitInt, LitStr, Path, Result, Token, parenthesized};

use crate::fields::Field;

/// The names of the categories of `tracing-failure`.
const CATEGORIES: &[&str] = &[
    "accuracy_unattainable",
    "breakdown",
    "constraint_violation",
    "dimension_mismatch",
    "domain_error",
    "error_test",
    "ill_conditioned",
    "infeasible",
    "initialization",
    "interrupted",
    "killed",
    "line_search",
    "linear_solve",
    "loss_of_accuracy",
    "max_evaluations",
    "max_iterations",
    "missing_input",
    "non_finite",
    "nonlinear_convergence",
    "other",
    "out_of_memory",
    "panic",
    "residual_divergence",
    "singular_matrix",
    "stagnation",
    "step_size_underflow",
    "time_limit",
];

const SYNTAX: &str = "name, target, level, parent, follows_from, skip, skip_all, fields, category, none_is_failure, \
                      fail_if, finite and crate";

const REFERENCE_OF_EXPRESSION: &str = "the theoretical reference is a string literal, such as \"Eq. 1.12\": \
                                       for a constant, write `fields(theoretical_ref = REFERENCE)`";

/// The options of the attribute.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) theoretical_ref: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) target: Option<Expr>,
    pub(crate) level: Option<Level>,
    pub(crate) parent: Option<Expr>,
    pub(crate) follows_from: Option<Expr>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) skip_all: bool,
    pub(crate) fields: Vec<Field>,
    pub(crate) category: Option<LitStr>,
    pub(crate) none_is_failure: Option<Span>,
    pub(crate) fail_if: Option<Expr>,
    pub(crate) finite: Option<Span>,
    pub(crate) library: Option<Path>,
}

/// The level of the span.
pub(crate) enum Level {
    /// One of the constants of `tracing::Level`.
    Named(Ident),
    Path(Path),
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Options::default();
        if input.peek(LitStr) {
            let reference: LitStr = input.parse()?;
            if reference.value().trim().is_empty() {
                let message = "the theoretical reference is empty: name the equation, such as \"Eq. 1.12\"";
                return Err(Error::new(reference.span(), message));
            }
            options.theoretical_ref = Some(reference);
            parse_comma(input)?;
        }
        let mut names: Vec<String> = Vec::new();
        while !input.is_empty() {
            if input.peek(LitStr) {
                return Err(input.error("the theoretical reference comes first, and only once"));
            }
            let option = input.call(Ident::parse_any).map_err(|error| {
                let message = "expected the theoretical reference as a string, such as \"Eq. 1.12\", or an option";
                Error::new(error.span(), message)
            })?;
            if input.peek(Token![::]) || input.peek(Token![!]) {
                return Err(Error::new(option.span(), REFERENCE_OF_EXPRESSION));
            }
            let name = option.to_string();
            if names.contains(&name) {
                return Err(Error::new(option.span(), format!("the option `{name}` occurs twice")));
            }
            options.parse_option(&option, input)?;
            names.push(name);
            parse_comma(input)?;
        }
        options.check()?;
        Ok(options)
    }
}

impl Options {
    fn parse_option(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        match option.to_string().as_str() {
            "name" => self.name = Some(parse_text(option, input)?),
            "target" => self.target = Some(parse_value(option, input)?),
            "level" => self.level = Some(parse_level(option, input)?),
            "parent" => self.parent = Some(parse_value(option, input)?),
            "follows_from" => self.follows_from = Some(parse_value(option, input)?),
            "skip" => self.skip = parse_list(option, input, parse_skipped)?,
            "skip_all" => self.skip_all = parse_flag(option, input).map(|_| true)?,
            "fields" => self.fields = parse_list(option, input, Field::parse)?,
            "category" => self.category = Some(parse_category(option, input)?),
            "none_is_failure" => self.none_is_failure = Some(parse_flag(option, input)?),
            "fail_if" => self.fail_if = Some(parse_value(option, input)?),
            "finite" => self.finite = Some(parse_flag(option, input)?),
            "crate" => {
                parse_equals(option, input)?;
                let path = input.call(Path::parse_mod_style);
                self.library = Some(path.map_err(|error| {
                    Error::new(error.span(), "`crate` is a path without quotes: `crate = renamed`")
                })?);
            }
            _ => return Err(unknown_option(option)),
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if let Some(name) = self.name.as_ref().filter(|name| name.value().trim().is_empty()) {
            return Err(Error::new(name.span(), "the name is empty: name the computation, such as \"pole_mass\""));
        }
        for (index, field) in self.fields.iter().enumerate() {
            if self.fields[..index].iter().any(|earlier| earlier.name == field.name) {
                return Err(Error::new(field.span, format!("the field `{}` occurs twice", field.name)));
            }
            let message = match field.name.as_str() {
                "computation" => "write `name = \"…\"` to name the computation",
                "theoretical_ref" if self.theoretical_ref.is_some() => {
                    "the attribute has a theoretical reference already: remove one of them"
                }
                "category" if self.category.is_some() => "the attribute has a category already: remove one of them",
                _ => continue,
            };
            return Err(Error::new(field.span, message));
        }
        Ok(())
    }
}

fn unknown_option(option: &Ident) -> Error {
    let message = match option.to_string().as_str() {
        "err" => "remove `err`: a returned error is always recorded, with its type and its sources".to_owned(),
        "ret" => "remove `ret`: the outcome of the function is always recorded".to_owned(),
        "theoretical_ref" | "reference" => {
            "write the theoretical reference as the first argument: #[computation(\"Eq. 1.12\")]".to_owned()
        }
        "computation" => "write `name = \"…\"` to name the computation".to_owned(),
        name if name.starts_with(char::is_uppercase) => REFERENCE_OF_EXPRESSION.to_owned(),
        name => format!("unknown option `{name}`: the options are {SYNTAX}"),
    };
    Error::new(option.span(), message)
}

fn parse_comma(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    input.parse::<Token![,]>().map(drop).map_err(|error| Error::new(error.span(), "expected `,` between two options"))
}

fn parse_equals(option: &Ident, input: ParseStream<'_>) -> Result<()> {
    let equals = input.parse::<Token![=]>();
    if equals.is_err() || input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(option.span(), format!("write `{option} = {}`", example(option))));
    }
    Ok(())
}

/// Returns a value that an option may have.
fn example(option: &Ident) -> &'static str {
    match option.to_string().as_str() {
        "name" => "\"pole_mass\"",
        "target" => "\"solver\"",
        "level" => "\"debug\"",
        "parent" => "&span",
        "follows_from" => "[&span]",
        "category" => "\"stagnation\"",
        "fail_if" => "|result| …",
        _ => "path",
    }
}

/// Reads an option without a value, and returns its place.
fn parse_flag(option: &Ident, input: ParseStream<'_>) -> Result<Span> {
    if input.peek(Token![=]) || input.peek(Paren) {
        return Err(Error::new(option.span(), format!("`{option}` has no value: write `{option}`")));
    }
    Ok(option.span())
}

fn parse_value(option: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    parse_equals(option, input)?;
    input.parse()
}

fn parse_text(option: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    parse_equals(option, input)?;
    let message = || format!("`{option}` is a string: write `{option} = {}`", example(option));
    input.parse().map_err(|error| Error::new(error.span(), message()))
}

fn parse_skipped(input: ParseStream<'_>) -> Result<Ident> {
    let message = "expected the name of an argument, such as in `skip(grid, options)`";
    input.call(Ident::parse_any).map_err(|error| Error::new(error.span(), message))
}

fn parse_list<T>(option: &Ident, input: ParseStream<'_>, entry: fn(ParseStream<'_>) -> Result<T>) -> Result<Vec<T>> {
    if !input.peek(Paren) {
        let example = if option == "skip" { "grid, options" } else { "rtol = options.rtol" };
        return Err(Error::new(option.span(), format!("write `{option}({example})`")));
    }
    let content;
    parenthesized!(content in input);
    Ok(content.parse_terminated(entry, Token![,])?.into_iter().collect())
}

fn parse_category(option: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let category = parse_text(option, input)?;
    if CATEGORIES.contains(&category.value().as_str()) {
        return Ok(category);
    }
    let message = format!("unknown category: the categories are {}", CATEGORIES.join(", "));
    Err(Error::new(category.span(), message))
}

fn parse_level(option: &Ident, input: ParseStream<'_>) -> Result<Level> {
    parse_equals(option, input)?;
    if input.peek(LitStr) {
        let level: LitStr = input.parse()?;
        return named_level(&level.value(), level.span());
    }
    if input.peek(LitInt) {
        let level: LitInt = input.parse()?;
        return named_level(level.base10_digits(), level.span());
    }
    Ok(Level::Path(input.call(Path::parse_mod_style)?))
}

fn named_level(level: &str, span: Span) -> Result<Level> {
    let name = match level.to_ascii_lowercase().as_str() {
        "trace" | "1" => "TRACE",
        "debug" | "2" => "DEBUG",
        "info" | "3" => "INFO",
        "warn" | "4" => "WARN",
        "error" | "5" => "ERROR",
        _ => return Err(Error::new(span, "the levels are \"trace\", \"debug\", \"info\", \"warn\" and \"error\"")),
    };
    Ok(Level::Named(Ident::new(name, span)))
}

#[cfg(test)]
mod tests {
    use tracing_failure::Category;

    use super::*;

    #[test]
    fn the_categories_are_those_of_the_library() {
        let mut names: Vec<_> = Category::all().iter().map(|category| category.name()).collect();
        names.sort_unstable();
        assert_eq!(CATEGORIES, names);
    }
}
