//! The attribute `computation` of `tracing-failure`.

use proc_macro::TokenStream;

/// Makes a function a computation. `tracing_failure::computation` documents it.
#[proc_macro_attribute]
pub fn computation(_arguments: TokenStream, function: TokenStream) -> TokenStream {
    function
}
