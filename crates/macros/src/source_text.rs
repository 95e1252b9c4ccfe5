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
    /// The line and column after the last token.
    end: Option<(usize, usize)>,
}

impl SourceText {
    fn push_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = delimiters(group.delimiter());
                    self.push(open, group.span_open());
                    self.push_all(group.stream());
                    self.push(close, group.span_close());
                }
                token => self.push(&token.to_string(), token.span()),
            }
        }
    }

    fn push(&mut self, token: &str, span: Span) {
        let (start, end) = (span.unwrap().start(), span.unwrap().end());
        if self.end.is_some_and(|end| end != (start.line(), start.column())) {
            self.text.push(' ');
        }
        self.text.push_str(token);
        self.end = Some((end.line(), end.column()));
    }
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}
