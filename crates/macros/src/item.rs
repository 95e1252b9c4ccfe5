//! The item that the attribute annotates.

use proc_macro::TokenStream;
use syn::spanned::Spanned;
use syn::{Error, Item, ItemFn, Result, TraitItemFn};

const NO_FUNCTION: &str = "`#[computation]` annotates functions and methods: write it before each of them";
const NO_BODY: &str = "`#[computation]` needs a function with a body: annotate the implementation of this function";

/// Reads a function with a body.
pub(crate) fn parse(item: TokenStream) -> Result<ItemFn> {
    syn::parse(item.clone()).map_err(|error| describe(item).unwrap_or(error))
}

/// Returns the error of an item that is not a function with a body.
fn describe(item: TokenStream) -> Option<Error> {
    if let Ok(function) = syn::parse::<TraitItemFn>(item.clone()) {
        return Some(Error::new(function.sig.ident.span(), NO_BODY));
    }
    match syn::parse::<Item>(item) {
        Ok(Item::Fn(_)) => None,
        Ok(item) => Some(Error::new(item.span(), NO_FUNCTION)),
        Err(_) => None,
    }
}
