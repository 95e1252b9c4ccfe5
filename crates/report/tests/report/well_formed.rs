//! Reads a page as XML, which is stricter than HTML.

/// Panics if elements are not nested, an attribute has no quotes, or a character is not allowed.
pub(crate) fn check(html: &str) {
    let mut xml = String::with_capacity(html.len());
    // HTML has no end tag for these elements.
    for (index, part) in html.split("<meta ").enumerate() {
        let (tag, rest) = if index == 0 { ("", part) } else { part.split_at(part.find('>').unwrap()) };
        xml += &if index == 0 { part.to_owned() } else { format!("<meta {tag}/{rest}") };
    }
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(&xml, options).unwrap_or_else(|error| panic!("{error}"));
    check_elements(&document);
}

fn check_elements(document: &roxmltree::Document<'_>) {
    let elements = || document.descendants().filter(roxmltree::Node::is_element);
    let ids: Vec<&str> = elements().filter_map(|element| element.attribute("id")).collect();
    let mut last_heading = 0;
    for element in elements() {
        let name = element.tag_name().name();
        assert!(!["script", "iframe", "object", "embed", "link", "img", "form", "base"].contains(&name), "{name}");
        for attribute in element.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on"), "{name}");
            match name {
                "href" => assert!(ids.contains(&value.strip_prefix('#').unwrap()), "{value}"),
                "aria-labelledby" | "aria-describedby" => assert!(ids.contains(&value), "{value}"),
                "x" | "y" | "x1" | "x2" | "y1" | "y2" | "width" | "height" | "d" => check_numbers(value),
                _ => {}
            }
        }
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()) {
            assert!(level <= last_heading + 1, "h{level} after h{last_heading}");
            last_heading = level;
        }
    }
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len(), "ids are not unique");
}

/// Coordinates are digits, signs, and the commands of a path.
fn check_numbers(value: &str) {
    assert!(value.chars().all(|c| c.is_ascii_digit() || "-.% MLh".contains(c)), "{value}");
}
