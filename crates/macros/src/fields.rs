//! The option `fields(…)`. Its entries are passed on to `tracing::span!`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Result, Token};

/// A field in the syntax of `tracing::span!`: `rtol = options.rtol`, `?grid`, `"user.id" = %id`.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) span: Span,
    tokens: TokenStream,
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut tokens = TokenStream::new();
        if input.peek(Token![%]) || input.peek(Token![?]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        let span = input.span();
        let name = if input.peek(LitStr) {
            let literal: LitStr = input.parse()?;
            literal.to_tokens(&mut tokens);
            literal.value()
        } else {
            let path = Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any);
            let path =
                path.map_err(|error| Error::new(error.span(), "expected a field, such as `rtol = options.rtol`"))?;
            path.to_tokens(&mut tokens);
            let names: Vec<String> = path.iter().map(|name| name.unraw().to_string()).collect();
            names.join(".")
        };
        if input.peek(Token![=]) {
            tokens.extend([input.parse::<TokenTree>()?]);
            if input.is_empty() || input.peek(Token![,]) {
                return Err(Error::new(span, format!("write `{name} = …`, or only `{name}`")));
            }
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        Ok(Field { name, span, tokens })
    }
}

impl ToTokens for Field {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}
