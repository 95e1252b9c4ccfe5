//! The text of tokens, with spaces where the source has them.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// Returns the tokens as one line of text.
pub(crate) fn source_text(tokens: TokenStream) -> String {
    let mut text = SourceText { text: String::new(), end: None };
    text.push_all(tokens);
    text.text
}

struct SourceText {
    text: String,
    /// The position after the last token.
    end: Option<Position>,
}

/// A line and a column.
type Position = (usize, usize);

impl SourceText {
    fn push_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            let (start, end) = positions(token.span());
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = delimiters(group.delimiter());
                    self.push(open, start, (start.0, start.1 + open.len()));
                    self.push_all(group.stream());
                    self.push(close, (end.0, end.1.saturating_sub(close.len())), end);
                }
                token => self.push(&token.to_string(), start, end),
            }
        }
    }

    fn push(&mut self, token: &str, start: Position, end: Position) {
        if self.end.is_some_and(|end| end != start) {
            self.text.push(' ');
        }
        self.text.push_str(token);
        self.end = Some(end);
    }
}

fn positions(span: Span) -> (Position, Position) {
    let (start, end) = (span.unwrap().start(), span.unwrap().end());
    ((start.line(), start.column()), (end.line(), end.column()))
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}
