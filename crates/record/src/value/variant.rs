//! The value of a parameter or field, and maps of them.

use std::borrow::Cow;

/// A typed value of a record, such as a parameter, a span field or a context entry.
///
/// It differs from [`serde_json::Value`] in three ways that matter to numerics. NaN and the infinities are numbers:
/// they are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, and read back as numbers. Negative zero
/// keeps its sign. Maps keep their order.
///
/// ```
/// use tracing_failure::Value;
///
/// let couplings = Value::from(vec![50.0, f64::NAN, f64::NEG_INFINITY]);
/// let json = serde_json::to_string(&couplings)?;
/// assert_eq!(json, r#"[50.0,"NaN","-Infinity"]"#);
/// assert_eq!(serde_json::from_str::<Value>(&json)?, couplings);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value: `()`, `None`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits in a signed 64-bit integer.
    Int(i64),
    /// An integer above [`i64::MAX`].
    UInt(u64),
    /// A floating-point number, which may be NaN or infinite.
    Float(f64),
    /// A text.
    String(String),
    /// A list. Arrays of several dimensions are lists of lists.
    List(Vec<Value>),
    /// Named values, in order.
    Map(Map),
}

/// Named values in insertion order. Each name occurs once.
///
/// ```
/// use tracing_failure::Value;
/// use tracing_failure::record::Map;
///
/// let mut parameters = Map::from_iter([("rtol", 1e-6), ("atol", 1e-9)]);
/// parameters.insert("rtol", 1e-3);
/// assert_eq!(parameters.to_string(), r#"{"rtol":0.001,"atol":1e-9}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map(pub(super) Vec<(Name, Value)>);

/// The name of an entry. Most names are field names, which are static.
pub(super) type Name = Cow<'static, str>;

impl Value {
    /// The name of the newtype struct that contains the text of a number that JSON cannot express. A serializer whose
    /// format has such numbers recognises them by this name.
    ///
    /// ```
    /// assert_eq!(tracing_failure::Value::NON_FINITE, "tracing_failure::record::NonFinite");
    /// ```
    pub const NON_FINITE: &str = "tracing_failure::record::NonFinite";

    /// Returns the entry of a map with this name.
    ///
    /// ```
    /// use tracing_failure::Value;
    /// use tracing_failure::record::Map;
    ///
    /// let value = Value::from(Map::from_iter([("rtol", 1e-6)]));
    /// assert_eq!(value.get("rtol"), Some(&Value::Float(1e-6)));
    /// assert_eq!(value.get("atol"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.get(name),
            _ => None,
        }
    }

    /// Returns the value as a floating-point number, if it is a number.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// assert_eq!(Value::Int(3).as_f64(), Some(3.0));
    /// assert_eq!(Value::from("three").as_f64(), None);
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Int(n) => Some(n as f64),
            Value::UInt(n) => Some(n as f64),
            Value::Float(x) => Some(x),
            _ => None,
        }
    }

    /// Returns the text of a string.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// assert_eq!(Value::from("RK45").as_str(), Some("RK45"));
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the entries of a list.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// assert_eq!(Value::from(vec![1, 2]).as_list().map(|list| list.len()), Some(2));
    /// ```
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

/// Values are equal if they are written in the same way: NaN equals NaN, and `-0.0` differs from `0.0`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::UInt(a), Value::UInt(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

macro_rules! value_from {
    ($($from:ty => |$x:ident| $value:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($x: $from) -> Self {
                $value
            }
        }
    )*};
}

value_from! {
    bool => |x| Value::Bool(x);
    i8 => |x| Value::Int(x.into());
    u8 => |x| Value::Int(x.into());
    i16 => |x| Value::Int(x.into());
    u16 => |x| Value::Int(x.into());
    i32 => |x| Value::Int(x.into());
    u32 => |x| Value::Int(x.into());
    i64 => |x| Value::Int(x);
    u64 => |x| i64::try_from(x).map_or(Value::UInt(x), Value::Int);
    usize => |x| Value::from(x as u64);
    i128 => |x| match (i64::try_from(x), u64::try_from(x)) {
        (Ok(x), _) => Value::Int(x),
        (_, Ok(x)) => Value::UInt(x),
        _ => Value::String(x.to_string()),
    };
    u128 => |x| u64::try_from(x).map_or_else(|_| Value::String(x.to_string()), Value::from);
    f32 => |x| Value::Float(x.into());
    f64 => |x| Value::Float(x);
    &str => |x| Value::String(x.to_owned());
    String => |x| Value::String(x);
    Map => |x| Value::Map(x);
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Value::List(list.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
