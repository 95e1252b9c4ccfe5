//! The XML document of an error: `<Error><Code>NoSuchBucket</Code><Message>…</Message></Error>`.

/// Maximum length of a code.
const MAX_CODE_CHARS: usize = 60;
/// Maximum length of a message in an error of this crate.
const MAX_MESSAGE_CHARS: usize = 300;

/// Code, message and region of an error. Services omit what they do not know.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ErrorDocument {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) region: Option<String>,
}

impl ErrorDocument {
    /// Reads the document. It may be cut, or be no XML at all: proxies send HTML.
    pub(crate) fn parse(page: &[u8]) -> Self {
        let page = String::from_utf8_lossy(page);
        let is_name = |text: &String| {
            text.len() <= MAX_CODE_CHARS
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        // The order of the elements differs between services, and details may contain elements of the same name.
        let Some((_, error)) = page.split_once("<Error") else { return Self::default() };
        ErrorDocument {
            code: element(error, "Code").filter(is_name),
            message: element(error, "Message").map(|message| shorten(&message)),
            region: element(error, "Region").filter(is_name),
        }
    }
}

/// The text of the first element with a name. Attributes and nested elements do not occur in it.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    let value = unescape(value.trim());
    (!value.is_empty()).then_some(value)
}

/// Replaces the five entities of XML. Numeric references, which are rare in messages, stay.
fn unescape(text: &str) -> String {
    // The ampersand is last, because its replacement may look like another entity.
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

fn shorten(message: &str) -> String {
    let line = text::one_line(message);
    let mut short: String = line.chars().take(MAX_MESSAGE_CHARS).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_of_a_service() {
        let page =
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>PermanentRedirect</Code><Message>a &amp;lt; b\n\
            c</Message><Endpoint>lab.s3.eu-central-1.amazonaws.com</Endpoint><Region>eu-central-1</Region></Error>";
        let document = ErrorDocument::parse(page);
        assert_eq!(document.code.as_deref(), Some("PermanentRedirect"));
        assert_eq!(document.region.as_deref(), Some("eu-central-1"));
        let message = document.message.unwrap();
        assert!(message.starts_with("a &lt; b") && message.ends_with('c') && !message.contains('\n'), "{message}");
    }

    #[test]
    fn other_pages_tell_nothing() {
        for page in [
            &b""[..],
            b"<html><Code>x</Code></html>",
            b"<Error><Code>NoSu",
            b"<Error><Code></Code><Message> </Message></Error>",
            b"<Error><Code>\x1b[2J</Code></Error>",
            b"\xff\xfe<",
        ] {
            assert_eq!(ErrorDocument::parse(page), ErrorDocument::default(), "{page:?}");
        }
        let long = format!("<Error><Message>{}</Message></Error>", "ü".repeat(5000));
        assert_eq!(ErrorDocument::parse(long.as_bytes()).message.unwrap().chars().count(), 301);
    }
}
