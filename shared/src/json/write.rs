//! Writing JSON, for the page: the text that `serde_json` writes for the same values, but for maps
//! with keys that are no text, numbers of 128 bits, `f32` and `f64`, of which the page writes none. A
//! text in memory takes whatever else is written, so nothing fails, and nowhere is code for that.

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use std::fmt::Display;

/// The JSON text of a value.
pub fn write(value: &impl Serialize) -> String {
    let mut writer = Writer(String::new());
    match value.serialize(&mut writer) {
        Ok(()) => writer.0,
        Err(never) => match never {},
    }
}

/// What happens to no text.
#[derive(Debug, thiserror::Error)]
enum Never {}

impl ser::Error for Never {
    fn custom<T: Display>(error: T) -> Self {
        unreachable!("it has no text: {error}")
    }
}

/// The text so far.
struct Writer(String);

impl Writer {
    #[inline(never)]
    fn put(&mut self, text: &str) {
        self.0.push_str(text);
    }

    #[inline(never)]
    fn signed(&mut self, number: i64) {
        self.put(&number.to_string());
    }

    #[inline(never)]
    fn unsigned(&mut self, number: u64) {
        self.put(&number.to_string());
    }

    #[inline(never)]
    fn text(&mut self, text: &str) {
        self.0.push('"');
        for letter in text.chars() {
            match letter {
                '"' => self.put("\\\""),
                '\\' => self.put("\\\\"),
                '\n' => self.put("\\n"),
                '\r' => self.put("\\r"),
                '\t' => self.put("\\t"),
                '\u{8}' => self.put("\\b"),
                '\u{c}' => self.put("\\f"),
                ..' ' => {
                    self.put("\\u00");
                    for shift in [4, 0] {
                        let digit = char::from_digit(u32::from(letter) >> shift & 0xf, 16);
                        self.0.extend(digit);
                    }
                }
                _ => self.0.push(letter),
            }
        }
        self.0.push('"');
    }

    /// Begins the next item of an object or an array.
    #[inline(never)]
    fn next(&mut self) {
        // A text never ends in a bracket, but in a quotation mark.
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    /// Begins the next field of an object.
    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.next();
        self.text(name);
        self.0.push(':');
    }

    fn variant(&mut self, name: &str) {
        self.put("{");
        self.name(name);
    }
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = &'a mut Writer;
    type SerializeTuple = &'a mut Writer;
    type SerializeTupleStruct = &'a mut Writer;
    type SerializeTupleVariant = &'a mut Writer;
    type SerializeMap = &'a mut Writer;
    type SerializeStruct = &'a mut Writer;
    type SerializeStructVariant = &'a mut Writer;

    fn serialize_bool(self, value: bool) -> Result<(), Never> {
        self.put(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Never> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Never> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Never> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Never> {
        self.signed(value);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Never> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Never> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Never> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Never> {
        self.unsigned(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Never> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, _: f64) -> Result<(), Never> {
        unreachable!("nothing that the page writes has a fraction")
    }

    fn serialize_char(self, value: char) -> Result<(), Never> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Never> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Never> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Never> {
        self.put("null");
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Never> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Never> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Never> {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Never> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.put("}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Never> {
        self.put("[");
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Never> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Never> {
        self.variant(variant);
        self.serialize_seq(None)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Never> {
        self.put("{");
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Never> {
        self.variant(variant);
        self.serialize_map(None)
    }
}

/// What has items without names; and what ends it.
macro_rules! items {
    ($($kind:ident, $add:ident, $end:literal;)*) => {$(
        impl $kind for &mut Writer {
            type Ok = ();
            type Error = Never;

            fn $add<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Never> {
                self.next();
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Never> {
                self.put($end);
                Ok(())
            }
        }
    )*};
}

items! {
    SerializeSeq, serialize_element, "]";
    SerializeTuple, serialize_element, "]";
    SerializeTupleStruct, serialize_field, "]";
    SerializeTupleVariant, serialize_field, "]}";
}

/// What has fields with names; and what ends it.
macro_rules! fields {
    ($($kind:ident, $end:literal;)*) => {$(
        impl $kind for &mut Writer {
            type Ok = ();
            type Error = Never;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Never> {
                self.name(name);
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Never> {
                self.put($end);
                Ok(())
            }
        }
    )*};
}

fields! {
    SerializeStruct, "}";
    SerializeStructVariant, "}}";
}

impl SerializeMap for &mut Writer {
    type Ok = ();
    type Error = Never;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Never> {
        self.next();
        key.serialize(&mut **self)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Never> {
        self.put(":");
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Never> {
        self.put("}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use serde::Serialize;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    enum Kind {
        Nothing,
        Number(u16),
        Pair(i8, u64),
        Named { at: Option<char> },
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct All {
        a_text: String,
        unit: (),
        is_so: bool,
        kinds: Vec<Kind>,
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        by_name: BTreeMap<String, [i64; 2]>,
        none: Vec<u8>,
    }

    #[test]
    fn every_value_becomes_the_text_that_serde_json_writes() {
        let all = All {
            a_text: (0..0x100)
                .filter_map(char::from_u32)
                .chain("{[\u{2028}字🦀".chars())
                .collect(),
            unit: (),
            is_so: true,
            kinds: vec![
                Kind::Nothing,
                Kind::Number(u16::MAX),
                Kind::Pair(-1, u64::MAX),
                Kind::Named { at: Some('{') },
                Kind::Named { at: None },
            ],
            absent: None,
            by_name: [("a{".into(), [i64::MIN, 0]), ("[".into(), [1, 2])].into(),
            none: Vec::new(),
        };
        let expected = serde_json::to_string(&all).expect("it has a text");
        assert_eq!(write(&all), expected);
    }
}
