//! Markdown tables.

/// A table whose first column is text and whose others are numbers.
pub(crate) fn print(head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    println!("| {} |\n| --- |{}", head.join(" | "), " ---: |".repeat(head.len() - 1));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!();
}

/// Three digits, or all digits before the decimal point.
pub(crate) fn digits(value: f64) -> String {
    let decimals = match value {
        _ if value < 9.995 => 2,
        _ if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}
