//! The attribute `computation` of `tracing-failure`.

mod arguments;
mod expansion;
mod fields;
mod future;
mod options;
mod return_type;
mod source_text;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

use options::Options;

/// Makes a function a computation.
#[proc_macro_attribute]
pub fn computation(options: TokenStream, function: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options as Options);
    let function = parse_macro_input!(function as ItemFn);
    expansion::expand(&options, function).unwrap_or_else(|error| error.into_compile_error()).into()
}
