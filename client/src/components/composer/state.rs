//! What the page derives from the text in the field, which itself belongs to the field. No browser
//! here.

use tidings_client_state::FIELD_UNITS;
use tidings_shared::limits::CONTENT_BYTES;
use tidings_shared::visible::is_blank;

/// The counter appears when fewer bytes are left.
const NEAR_LIMIT: i64 = 512;

/// The text in the field, as far as the page shows it elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InputState {
    blank: bool,
    /// Bytes left, once they are few.
    pub(super) left: Option<i64>,
    /// Whether the field is full: what was pasted may have been cut.
    pub(super) is_full: bool,
}

impl InputState {
    pub(super) fn of(text: &str) -> Self {
        let limit = i64::try_from(CONTENT_BYTES).unwrap_or(i64::MAX);
        let used = i64::try_from(text.trim_end().len()).unwrap_or(i64::MAX);
        Self {
            blank: is_blank(text),
            left: Some(limit - used).filter(|left| *left < NEAR_LIMIT),
            is_full: text.encode_utf16().count() >= FIELD_UNITS,
        }
    }

    pub(super) fn may_send(self) -> bool {
        !self.blank && self.left.is_none_or(|left| left >= 0)
    }
}

/// A key pressed in the field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    /// Its name, for example `Enter`.
    pub(super) name: &'a str,
    pub(super) shift: bool,
    /// Whether an input method handles it: it may confirm a composition.
    pub(super) composes: bool,
    /// Whether the field is empty.
    pub(super) empty: bool,
}

/// An action of a key beyond the field's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyAction {
    Send,
    /// Moves the focus to the person's last message, from where it can be copied.
    FocusLastMessage,
}

impl Key<'_> {
    pub(super) fn action(self) -> Option<KeyAction> {
        match self.name {
            _ if self.composes => None,
            "Enter" if !self.shift => Some(KeyAction::Send),
            "ArrowUp" if self.empty => Some(KeyAction::FocusLastMessage),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_text_is_not_sent_and_the_limit_is_in_bytes() {
        for blank in [" \n", "\u{200b}", "\u{2066} \u{3164}"] {
            assert!(!InputState::of(blank).may_send());
        }
        assert!(InputState::of(&"字".repeat(CONTENT_BYTES / 3)).may_send());
        assert!(!InputState::of(&"字".repeat(CONTENT_BYTES / 3 + 1)).may_send());
    }

    #[test]
    fn byte_counter_appears_near_the_limit() {
        assert_eq!(InputState::of("short").left, None);
        assert_eq!(InputState::of(&"x".repeat(CONTENT_BYTES - 1)).left, Some(1));
        let over = InputState::of(&"x".repeat(CONTENT_BYTES + 1));
        assert_eq!((over.left, over.is_full), (Some(-1), false));
        assert!(InputState::of(&"字".repeat(FIELD_UNITS)).is_full);
    }

    #[test]
    fn enter_sends_unless_shifted_or_composing() {
        let enter = Key {
            name: "Enter",
            shift: false,
            composes: false,
            empty: false,
        };
        assert_eq!(enter.action(), Some(KeyAction::Send));
        let shift = Key {
            shift: true,
            ..enter
        };
        assert_eq!(shift.action(), None);
        let composes = Key {
            composes: true,
            ..enter
        };
        assert_eq!(composes.action(), None);
    }

    #[test]
    fn arrow_up_leaves_only_an_empty_field() {
        let up = |empty| Key {
            name: "ArrowUp",
            shift: false,
            composes: false,
            empty,
        };
        assert_eq!(up(true).action(), Some(KeyAction::FocusLastMessage));
        assert_eq!(up(false).action(), None);
    }
}
