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

/// Returns true for a path that ends with `Box::pin`.
fn is_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else { return false };
    let mut segments = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    segments.next().as_deref() == Some("pin") && segments.next().as_deref() == Some("Box")
}
