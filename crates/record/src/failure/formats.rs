//! The form of times and ids in a record.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serializer};

use crate::value::Value;

/// Reads an id, or `None` if it is no UUID. The ids of other programs may have another form; their records are still
/// valid.
pub(super) fn deserialize_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<uuid::Uuid>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}

/// A time: RFC 3339, UTC, milliseconds.
pub(super) mod time {
    use super::*;

    pub(in crate::failure) fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::time_text::rfc3339_string(*time))
    }

    pub(in crate::failure) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        parse_time(&String::deserialize(deserializer)?)
    }
}

/// An optional time in the same format.
pub(super) mod optional_time {
    use super::*;

    pub(in crate::failure) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::time::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::failure) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            Some(text) => parse_time(&text).map(Some),
            None => Ok(None),
        }
    }
}

fn parse_time<E: serde::de::Error>(text: &str) -> Result<DateTime<Utc>, E> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(time.with_timezone(&Utc)),
        Err(error) => Err(E::custom(format_args!("timestamp {text:?}: {error}"))),
    }
}
