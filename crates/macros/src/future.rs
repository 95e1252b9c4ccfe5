//! Functions that return a future: `async` functions, and functions that end with an `async` block, as those that
//! `async_trait` generates.

use syn::{Block, Expr, ExprAsync, Stmt};

/// Returns the `async move` block that a function ends with, also within `Box::pin(…)`.
pub(crate) fn tail_mut(block: &mut Block) -> Option<&mut ExprAsync> {
    let Some(Stmt::Expr(tail, None)) = block.stmts.last_mut() else { return None };
    let body = match tail {
        Expr::Async(body) => body,
        Expr::Call(call) if is_pin(&call.func) && call.args.len() == 1 => match call.args.first_mut() {
            Some(Expr::Async(body)) => body,
            _ => return None,
        },
        _ => return None,
    };
    body.capture.is_some().then_some(body)
}

/// Returns the block whose exits leave the function: that of the `async` block at its end, if there is one.
pub(crate) fn body_mut(block: &mut Block) -> &mut Block {
    if tail_mut(block).is_none() {
        return block;
    }
    match tail_mut(block) {
        Some(tail) => &mut tail.block,
        None => unreachable!("the block has a tail"),
    }
}

/// Returns true for a path that ends with `Box::pin`.
fn is_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else { return false };
    let mut segments = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    segments.next().as_deref() == Some("pin") && segments.next().as_deref() == Some("Box")
}
