//! Parses text into an envelope `{"type":N,"data":…}`, within the limits, without a panic.

use super::kind;
use super::number::Number;
use crate::{ErrorBody, ErrorCode, limits};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Why a text is not a frame. None of these closes the connection by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`limits::FRAME_BYTES`].
    #[error("{0} bytes are too many for a frame")]
    TooLarge(usize),
    /// Nested deeper than [`limits::FRAME_DEPTH`].
    #[error("nested too deeply")]
    TooDeep,
    /// Not JSON, or not an object with a numeric `type`.
    #[error("not a frame: {0}")]
    Malformed(String),
    /// No frame of this direction has this type.
    #[error("no frame has the type {0}")]
    UnknownType(u64),
    /// The type is known, but its fields are not as documented.
    #[error("frame {kind}: {reason}")]
    BadData {
        /// The frame's type.
        kind: u64,
        /// The message of the parser.
        reason: String,
    },
}

impl From<FrameError> for ErrorBody {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::TooLarge(_) => Self::new(ErrorCode::TooLarge),
            FrameError::TooDeep => Self::new(ErrorCode::TooDeep),
            FrameError::UnknownType(kind) => Self::new(ErrorCode::UnknownType).re(kind),
            FrameError::Malformed(reason) => {
                let mut body = Self::new(ErrorCode::Malformed);
                body.message = format!("not a frame: {reason}");
                body
            }
            FrameError::BadData { kind, reason } => {
                let mut body = Self::new(ErrorCode::Malformed).re(kind);
                body.message = format!("frame {kind}: {reason}");
                body
            }
        }
    }
}

/// A frame of a client, with its data not parsed yet.
pub(super) struct Envelope<'a> {
    pub(super) kind: u64,
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawEnvelope<'a> {
    #[serde(rename = "type")]
    kind: Number<u64>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, FrameError> {
        // Serde would also accept an array of the fields in order.
        if is_array(text) {
            return Err(FrameError::Malformed("a frame is an object".into()));
        }
        let RawEnvelope { kind, data } = read(text)?;
        if kind.quoted && kind.value > kind::ACK {
            let reason = "its type may be a string in the course's own frames only";
            return Err(FrameError::Malformed(reason.into()));
        }
        Ok(Self {
            kind: kind.value,
            data,
        })
    }

    /// Parses the `data` of a frame of this type.
    pub(super) fn data<T: DeserializeOwned>(&self) -> Result<T, FrameError> {
        if self.data.is_some_and(|data| is_array(data.get())) {
            return Err(FrameError::BadData {
                kind: self.kind,
                reason: "it is an object".into(),
            });
        }
        data(self.kind, self.data)
    }
}

fn is_array(json: &str) -> bool {
    json.trim_ascii_start().starts_with('[')
}

/// Parses the fields around the data of a frame, within the limits.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, FrameError> {
    if text.len() > limits::FRAME_BYTES {
        return Err(FrameError::TooLarge(text.len()));
    }
    if depth(text) > limits::FRAME_DEPTH {
        return Err(FrameError::TooDeep);
    }
    serde_json::from_str(text).map_err(|error| FrameError::Malformed(error.to_string()))
}

/// Parses the data of a frame of this type; absent data is `null`.
pub(super) fn data<T: DeserializeOwned>(
    kind: u64,
    data: Option<&RawValue>,
) -> Result<T, FrameError> {
    let text = data.map_or("null", RawValue::get);
    serde_json::from_str(text).map_err(|error| FrameError::BadData {
        kind,
        reason: error.to_string(),
    })
}

/// A frame whose only field besides its type is its data, as JSON text.
pub(super) fn write<T: Serialize>(kind: u64, data: &T) -> String {
    #[derive(Serialize)]
    struct Frame<'a, T> {
        r#type: u64,
        data: &'a T,
    }
    serde_json::to_string(&Frame { r#type: kind, data })
        .expect("plain structs with string keys always serialize")
}

/// The type of a frame whose data may be malformed; for logs and panels.
pub fn type_of(text: &str) -> Option<u64> {
    Envelope::parse(text).ok().map(|envelope| envelope.kind)
}

/// The nesting depth of brackets outside of strings. `serde_json` skips unknown fields without
/// recursion, so this does not protect the stack; it makes the error the same for every field.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn brackets_inside_strings_do_not_count_as_depth() {
        assert_eq!(depth(r#"{"a":"[[[[\"[[","b":[1]}"#), 2);
        assert_eq!(depth("[[[]]]"), 3);
        assert_eq!(depth("plain"), 0);
    }
}
