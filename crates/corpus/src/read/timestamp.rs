//! The times of lines.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

/// Reads times. It computes each date once, because successive lines mostly have the same.
#[derive(Debug, Default)]
pub(super) struct TimestampReader {
    date_text: [u8; 10],
    date: NaiveDate,
}

impl TimestampReader {
    /// Returns the time that a text in RFC 3339 names.
    pub(super) fn read(&mut self, text: &str) -> Option<DateTime<Utc>> {
        match self.read_utc(text) {
            Some(time) => Some(time),
            None => Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc()),
        }
    }

    /// Reads the form that the recorder writes: `2025-12-27T04:30:00.000Z`.
    fn read_utc(&mut self, text: &str) -> Option<DateTime<Utc>> {
        let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0_u32, |value, byte| {
                let digit = byte.wrapping_sub(b'0');
                (digit < 10).then(|| value * 10 + u32::from(digit))
            })
        };
        let separators = [(10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
        if separators.iter().any(|&(place, separator)| bytes[place] != separator) {
            return None;
        }
        let date_text: &[u8; 10] = bytes[..10].try_into().ok()?;
        if *date_text != self.date_text {
            let is_date = bytes[4] == b'-' && bytes[7] == b'-';
            let date = NaiveDate::from_ymd_opt(number(0..4)? as i32, number(5..7)?, number(8..10)?);
            self.date = date.filter(|_| is_date)?;
            self.date_text = *date_text;
        }
        let time = NaiveTime::from_hms_milli_opt(number(11..13)?, number(14..16)?, number(17..19)?, number(20..23)?)?;
        Some(self.date.and_time(time).and_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_chrono() {
        let mut reader = TimestampReader::default();
        for text in [
            "2025-12-27T04:30:00.007Z",
            "2025-12-27T23:59:59.999Z",
            "2024-02-29T00:00:00.000Z",
            "2025-12-27T04:30:00Z",
            "2025-12-27T04:30:00.123456Z",
            "2025-12-27T04:30:00.000+01:00",
        ] {
            let expected = DateTime::parse_from_rfc3339(text).unwrap().to_utc();
            assert_eq!(reader.read(text), Some(expected), "{text}");
            assert_eq!(TimestampReader::default().read(text), Some(expected), "{text}");
        }
        for text in ["", "2025-02-29T00:00:00.000Z", "2025-12-27T24:00:00.000Z", "2025x12x27T04:30:00.000Z", "now"] {
            assert_eq!(reader.read(text), None, "{text}");
            assert_eq!(TimestampReader::default().read(text), None, "{text}");
        }
    }
}
