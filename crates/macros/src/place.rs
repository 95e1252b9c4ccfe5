//! The places of generated tokens.

use proc_macro2::{Group, Span, TokenStream, TokenTree};

/// Returns the tokens with another place, at which the compiler reports their errors.
pub(crate) fn at(place: Span, tokens: &TokenStream) -> TokenStream {
    let locate = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), at(place, &group.stream())).into();
        }
        token.set_span(token.span().located_at(place));
        token
    };
    tokens.clone().into_iter().map(locate).collect()
}
