//! The expansion depends on no name of the program: here the names of the prelude and of crates mean something else.
#![deny(warnings)]
#![allow(dead_code)]
#![no_implicit_prelude]

use ::std as standard;
use ::tracing_failure as renamed;

mod alloc {}
mod core {}
mod std {}
mod tracing {}
mod tracing_failure {}

struct Result;
struct Option;
struct Ok;
struct Some;
struct None;
struct Err;
struct String;
struct Box;
struct Vec;
trait Clone {}
trait Debug {}
trait Fn {}
struct Poll;
struct Ready;
struct Pending;
struct Span;
fn format() {}
fn run() {}
fn drop() {}

#[renamed::computation("Eq. 1", crate = renamed, fields(n = 2))]
fn plain(x: f64, v: &[f64]) -> f64 {
    x + v[0]
}

#[renamed::computation(
    "Eq. 1",
    crate = renamed,
    fail_if = |x| x.is_nan(),
    finite,
    parent = renamed::__private::tracing::Span::current(),
    follows_from = standard::option::Option::None::<&renamed::__private::tracing::Span>,
)]
fn tests(x: f64) -> f64 {
    x
}

#[renamed::computation("Eq. 1", crate = renamed, none_is_failure)]
fn optional(x: f64) -> standard::option::Option<f64> {
    standard::option::Option::Some(x)
}

#[renamed::computation("Eq. 1", crate = renamed)]
async fn later(x: f64) -> standard::result::Result<f64, standard::string::String> {
    standard::result::Result::Ok(x)
}

#[renamed::computation("Eq. 1", crate = renamed)]
fn unit(_x: &str) {}
