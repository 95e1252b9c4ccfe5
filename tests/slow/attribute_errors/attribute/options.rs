#![allow(unused)]
use tracing_failure::computation;

#[computation("Eq. 1", retries = 3)]
fn unknown_option() {}

#[computation("Eq. 1", level = "debug", level = "info")]
fn duplicate_option() {}

#[computation("Eq. 1", err)]
fn err() -> Result<(), String> {
    Ok(())
}

#[computation("Eq. 1", ret)]
fn ret() -> f64 {
    1.0
}

#[computation("Eq. 1", err(Debug))]
fn err_with_format() -> Result<(), String> {
    Ok(())
}

#[computation(theoretical_ref = "Eq. 1")]
fn named_reference() {}

#[computation(computation = "mass")]
fn named_computation() {}

#[computation("")]
fn empty_reference() {}

#[computation(name = "mass", "Eq. 1")]
fn reference_not_first() {}

#[computation("Eq. 1", "Eq. 2")]
fn two_references() {}

#[computation(REFERENCE)]
fn constant_reference() {}

#[computation(Self::REFERENCE)]
fn path_reference() {}

#[computation(12)]
fn number_reference() {}

#[computation(concat!("Eq. ", 1))]
fn macro_reference() {}

#[computation = "Eq. 1"]
fn attribute_with_value() {}

#[computation("Eq. 1" name = "mass")]
fn missing_comma() {}

#[computation("Eq. 1", skip(x) level = "info")]
fn missing_comma_after_list(x: f64) {}

#[computation("Eq. 1", name)]
fn option_without_value() {}

#[computation("Eq. 1", name = mass)]
fn name_of_wrong_type() {}

#[computation("Eq. 1", name = "")]
fn empty_name() {}

#[computation("Eq. 1", name("mass"))]
fn name_in_parentheses() {}

#[computation("Eq. 1", level = "loud")]
fn bad_level() {}

#[computation("Eq. 1", level = 6)]
fn bad_level_number() {}

#[computation("Eq. 1", level = -1)]
fn bad_level_expression() {}

#[computation("Eq. 1", level)]
fn level_without_value() {}

#[computation("Eq. 1", category = "divergence")]
fn unknown_category() {}

#[computation("Eq. 1", category = Category::NonFinite)]
fn category_of_wrong_type() {}

#[computation("Eq. 1", skip = x)]
fn skip_with_value(x: f64) {}

#[computation("Eq. 1", skip)]
fn skip_without_list(x: f64) {}

#[computation("Eq. 1", skip("x"))]
fn skip_text(x: f64) {}

#[computation("Eq. 1", skip_all(x))]
fn skip_all_with_list(x: f64) {}

#[computation("Eq. 1", finite = true)]
fn finite_with_value() -> f64 {
    1.0
}

#[computation("Eq. 1", none_is_failure(true))]
fn none_is_failure_with_list() -> Option<f64> {
    None
}

#[computation("Eq. 1", fail_if)]
fn fail_if_without_value() {}

#[computation("Eq. 1", fail_if(|x| x > 1))]
fn fail_if_in_parentheses() {}

#[computation("Eq. 1", fail_if = )]
fn fail_if_without_closure() {}

#[computation("Eq. 1", fields = (x = 1))]
fn fields_with_value() {}

#[computation("Eq. 1", fields(x = ))]
fn field_without_value() {}

#[computation("Eq. 1", fields(1))]
fn field_without_name() {}

#[computation("Eq. 1", fields(x = 1, x = 2))]
fn field_twice() {}

#[computation("Eq. 1", fields(computation = "mass"))]
fn computation_in_fields() {}

#[computation("Eq. 1", fields(theoretical_ref = "Eq. 2"))]
fn second_reference_in_fields() {}

#[computation("Eq. 1", category = "stagnation", fields(category = "other"))]
fn second_category_in_fields() {}

#[computation("Eq. 1", crate = "renamed")]
fn crate_of_wrong_type() {}

fn main() {}
