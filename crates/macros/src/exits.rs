//! Stores the line of the `?`, the `return` or the last expression with which a function ends.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{Block, Expr, Item, Stmt, parse_quote, parse_quote_spanned};

use crate::place::at;

/// Adds a statement or a call before each exit of the body, which stores its line in a variable.
pub(crate) fn mark(body: &mut Block, private: &TokenStream, line: &Ident) {
    let mut exits = Exits { private, line, end: 0 };
    let (tail, statements) = match body.stmts.split_last_mut() {
        Some((tail @ Stmt::Expr(_, None), statements)) => (Some(tail), statements),
        _ => (None, &mut body.stmts[..]),
    };
    statements.iter_mut().for_each(|statement| exits.visit_stmt_mut(statement));
    if let Some(tail) = tail {
        exits.end = line_of(tail.span());
        exits.visit_stmt_mut(tail);
    }
    exits.mark_tail(body);
}

struct Exits<'a> {
    private: &'a TokenStream,
    line: &'a Ident,
    /// The line that is stored if a `?` does not leave the function: that of the last expression of the body inside
    /// this expression, otherwise 0. An exit that the macro does not see, such as one inside another macro, has no line
    /// then.
    end: u32,
}

impl Exits<'_> {
    /// Returns a statement that stores a line.
    fn statement(&self, place: Span) -> Stmt {
        let (private, variable, line) = (self.private, self.line, line_of(place));
        parse_quote!(#private::leave_at(#variable, #line, ());)
    }

    /// Marks the last expression of a block, and of the blocks in it.
    fn mark_tail(&self, block: &mut Block) {
        let Some(Stmt::Expr(tail, None)) = block.stmts.last_mut() else { return };
        let place = tail.span();
        self.mark_branches(tail);
        block.stmts.insert(block.stmts.len() - 1, self.statement(place));
    }

    fn mark_branches(&self, tail: &mut Expr) {
        match tail {
            Expr::Block(inner) => self.mark_tail(&mut inner.block),
            Expr::Unsafe(inner) => self.mark_tail(&mut inner.block),
            Expr::If(inner) => {
                self.mark_tail(&mut inner.then_branch);
                if let Some((_, otherwise)) = &mut inner.else_branch {
                    self.mark_branches(otherwise);
                }
            }
            Expr::Match(inner) => inner.arms.iter_mut().for_each(|arm| self.mark_arm(&mut arm.body)),
            _ => {}
        }
    }

    /// Marks `Err(…)` and `None` as the value of an arm. Other values stay as they are: a block would end the lives of
    /// their temporaries earlier.
    fn mark_arm(&self, value: &mut Expr) {
        if !is_failure(value) {
            return self.mark_branches(value);
        }
        let statement = self.statement(value.span());
        *value = parse_quote!({ #statement #value });
    }
}

fn is_failure(value: &Expr) -> bool {
    let is_named = |value: &Expr, name| matches!(value, Expr::Path(path) if path.path.is_ident(name));
    match value {
        Expr::Call(call) => is_named(&call.func, "Err"),
        value => is_named(value, "None"),
    }
}

impl VisitMut for Exits<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            // Their exits leave the closure or the block.
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) => {}
            Expr::Try(question) => {
                self.visit_expr_mut(&mut question.expr);
                let (private, variable, line) = (self.private, self.line, line_of(question.question_token.span()));
                // The call has the place of the value, at which the compiler reports an error of the conversion.
                let (value, place) = (&question.expr, question.expr.span());
                let function = at(place, &quote!(#private::leave_at));
                let place = Span::mixed_site().located_at(place);
                question.expr = parse_quote_spanned!(place=> #function(#variable, #line, #value));
                let end = self.end;
                *expression = parse_quote_spanned!(place=> #function(#variable, #end, #expression));
            }
            Expr::Return(exit) => {
                let place = exit.return_token.span();
                if let Some(value) = &mut exit.expr {
                    self.visit_expr_mut(value);
                }
                let statement = self.statement(place);
                *expression = parse_quote!({ #statement #exit });
            }
            _ => visit_expr_mut(self, expression),
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

fn line_of(place: Span) -> u32 {
    u32::try_from(place.unwrap().line()).unwrap_or(0)
}
