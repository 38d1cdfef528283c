//! From bytes to an envelope `{"type":N,"data":…}`, within the limits, without a panic.

use super::kind;
use super::number::Number;
use crate::{ErrorBody, ErrorCode, limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Why a text is not a frame. The connection lives on after each of these.
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
    /// There is no such type in this direction.
    #[error("no frame has the type {0}")]
    UnknownType(u64),
    /// The type is known; its fields are not as documented.
    #[error("frame {kind}: {reason}")]
    BadData {
        /// The frame's type.
        kind: u64,
        /// What is wrong, in the parser's words.
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

/// What a frame of a client is.
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
        // An array of the values in their order would be read as well.
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

    /// The `data`, as a frame of this type has it.
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

/// Reads what is around the data of a frame, within the limits.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, FrameError> {
    if text.len() > limits::FRAME_BYTES {
        return Err(FrameError::TooLarge(text.len()));
    }
    if depth(text) > limits::FRAME_DEPTH {
        return Err(FrameError::TooDeep);
    }
    serde_json::from_str(text).map_err(|error| FrameError::Malformed(error.to_string()))
}

/// Reads the data of a frame of this type; absent data is `null`.
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

/// The type of a frame that need not be well-formed beyond that; for logs and panels.
pub fn type_of(text: &str) -> Option<u64> {
    Envelope::parse(text).ok().map(|envelope| envelope.kind)
}

/// How deep brackets nest outside of strings. `serde_json` skips unknown fields without recursion,
/// so this guards no stack; it makes the answer to such a frame the same for every field.
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
