//! Functions that return a future: `async` functions, and functions that end with an `async` block, as those that
//! `async_trait` generates.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Expr, ExprAsync, Stmt};

use crate::arguments::add_variables;

/// Splits a function that ends with an `async move` block, also within `Box::pin(…)`, into the statements before the
/// block and the block.
pub(crate) fn split_tail(block: &mut Block) -> Option<(&[Stmt], &mut ExprAsync)> {
    let (last, before) = block.stmts.split_last_mut()?;
    let Stmt::Expr(tail, None) = last else { return None };
    let body = match tail {
        Expr::Async(body) => body,
        Expr::Call(call) if is_pin(&call.func) && call.args.len() == 1 => match call.args.first_mut() {
            Some(Expr::Async(body)) => body,
            _ => return None,
        },
        _ => return None,
    };
    body.capture.is_some().then_some((before, body))
}

/// Returns true if the block uses an argument, and the statements before it do not hide the argument.
pub(crate) fn captures(body: &ExprAsync, before: &[Stmt], argument: &Ident) -> bool {
    let mut bound = Vec::new();
    for statement in before {
        if let Stmt::Local(local) = statement {
            add_variables(&local.pat, &mut bound);
        }
    }
    !bound.contains(argument) && mentions(body.block.to_token_stream(), argument)
}

fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// Returns the block whose exits leave the function: that of the `async` block at its end, if there is one.
pub(crate) fn body_mut(block: &mut Block) -> &mut Block {
    if split_tail(block).is_none() {
        return block;
    }
    match split_tail(block) {
        Some((_, tail)) => &mut tail.block,
        None => unreachable!("the block has a tail"),
    }
}

/// Returns true for a path that ends with `Box::pin`.
fn is_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else { return false };
    let mut segments = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    segments.next().as_deref() == Some("pin") && segments.next().as_deref() == Some("Box")
}
