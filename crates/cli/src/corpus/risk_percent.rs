//! A risk as text.

/// Returns a risk in percent. It is never rounded to none or all.
pub(crate) fn risk_percent(risk: f64) -> String {
    let tenths = (risk * 1000.0).round();
    if tenths < 1.0 && risk > 0.0 {
        "below 0.1 %".to_owned()
    } else if tenths >= 1000.0 && risk < 1.0 {
        "above 99.9 %".to_owned()
    } else {
        format!("{} %", tenths / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_risk_is_never_rounded_to_none_or_all() {
        let texts = [0.0, 1e-9, 0.001, 0.5, 0.9889, 0.99999, 1.0].map(risk_percent);
        assert_eq!(texts, ["0 %", "below 0.1 %", "0.1 %", "50 %", "98.9 %", "above 99.9 %", "100 %"]);
    }
}
