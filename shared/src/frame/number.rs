//! A number, or a string of its digits, as in `"senderUid":"1000"` of the legacy (v0) protocol's
//! description. Only for frames 0 to 6 from a client.

use serde::de::value::{I64Deserializer, U64Deserializer};
use serde::de::{Error, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// A required field, for `deserialize_with`.
pub(super) fn required<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Number::deserialize(deserializer).map(|number| number.value)
}

/// A field that may be missing or `null`, for `deserialize_with` together with `default`.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let number = Option::<Number<T>>::deserialize(deserializer)?;
    Ok(number.map(|number| number.value))
}

/// A `T` read from a number or its digits; the bounds of `T` apply.
pub(super) struct Number<T> {
    pub(super) value: T,
    /// Whether it came as a string.
    pub(super) quoted: bool,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor(PhantomData))
    }
}

struct NumberVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NumberVisitor<T> {
    type Value = Number<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number, or a string of its digits")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number<T>, E> {
        let reader: U64Deserializer<E> = number.into_deserializer();
        let value = T::deserialize(reader)?;
        let quoted = false;
        Ok(Number { value, quoted })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number<T>, E> {
        let reader: I64Deserializer<E> = number.into_deserializer();
        let value = T::deserialize(reader)?;
        let quoted = false;
        Ok(Number { value, quoted })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number<T>, E> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse().ok().filter(|_| digits) {
            Some(number) => Ok(Number {
                quoted: true,
                ..self.visit_u64(number)?
            }),
            None => Err(E::invalid_value(Unexpected::Other("another string"), &self)),
        }
    }
}
