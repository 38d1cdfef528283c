//! What the dialog about a group holds and decides: the name, the people chosen, whether both are
//! valid, and what a submit leads to. Pure: the view hands it events and renders what it then holds.

use super::picker::{PickerEvent, PickerState};
use crate::i18n::GroupTexts;
use crate::net::HttpError;
use std::rc::Rc;
use tidings_shared::UserId;
use tidings_shared::limits::GROUP_NAME_CHARS;
use yew::Reducible;

/// What the person does in the dialog's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GroupDialogEvent {
    /// The name is now this.
    NameChanged(String),
    /// They search people, or choose them.
    Picker(PickerEvent),
    /// They submit the form; [`GroupDialogState::submission`] is what that leads to.
    Submitted,
}

/// Why the form cannot be sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormError {
    NameMissing,
    NameTooLong,
    NobodyChosen,
}

impl FormError {
    const fn text(self, texts: &GroupTexts) -> &'static str {
        match self {
            Self::NameMissing => texts.name_missing,
            Self::NameTooLong => texts.name_too_long,
            Self::NobodyChosen => texts.nobody_chosen,
        }
    }

    const fn field(self) -> Field {
        match self {
            Self::NameMissing | Self::NameTooLong => Field::Name,
            Self::NobodyChosen => Field::Search,
        }
    }
}

/// A field that can take the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Search,
}

/// What a submit leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Submission {
    /// The trimmed name (empty where members are added) and who was chosen go to the server.
    Send(String, Vec<UserId>),
    /// The server has not answered the submit before: nothing is sent twice.
    Wait,
    /// The error is shown, and this field gets the focus.
    Correct(Field),
}

/// What the dialog holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupDialogState {
    /// Whether members are added to a group, which has its name already.
    adds: bool,
    /// As typed.
    name: String,
    picker: PickerState,
    /// Why the last submit was not sent; nothing while the name is edited after it.
    error: Option<FormError>,
}

impl GroupDialogState {
    /// Nothing is written or chosen yet; `adds`: members are added, or else a group is created.
    pub(super) fn new(adds: bool) -> Self {
        Self {
            adds,
            name: String::new(),
            picker: PickerState::default(),
            error: None,
        }
    }

    /// The people searched and chosen.
    pub(super) const fn picker(&self) -> &PickerState {
        &self.picker
    }

    /// The length of the name as the server counts it: in characters, without the space around it.
    pub(super) fn name_chars(&self) -> usize {
        self.name.trim().chars().count()
    }

    /// Whether the name exceeds the limit, which the page shows before a submit.
    pub(super) fn is_name_too_long(&self) -> bool {
        self.name_chars() > GROUP_NAME_CHARS
    }

    /// Whether the name's field is marked as invalid.
    pub(super) fn is_name_invalid(&self) -> bool {
        self.is_name_too_long() || self.error == Some(FormError::NameMissing)
    }

    /// What a submit leads to; `busy`: the server has not answered the one before.
    pub(super) fn submission(&self, busy: bool) -> Submission {
        match self.validate() {
            Err(error) => Submission::Correct(error.field()),
            Ok(()) if busy => Submission::Wait,
            Ok(()) => Submission::Send(self.name.trim().to_owned(), self.picker.uids()),
        }
    }

    /// The error to show: the form's own first, then the server's unless it is asked again.
    pub(super) fn error_text(
        &self,
        texts: &GroupTexts,
        refusal: Option<&HttpError>,
        busy: bool,
    ) -> Option<String> {
        let form_error = self.form_error().map(|error| error.text(texts).to_owned());
        form_error.or_else(|| refusal.filter(|_| !busy).map(texts.failed))
    }

    /// The error of the last submit, unless somebody was missing who is chosen by now.
    fn form_error(&self) -> Option<FormError> {
        let has_people = !self.picker.chosen().is_empty();
        self.error
            .filter(|error| *error != FormError::NobodyChosen || !has_people)
    }

    fn validate(&self) -> Result<(), FormError> {
        if !self.adds && self.name_chars() == 0 {
            Err(FormError::NameMissing)
        } else if self.is_name_too_long() {
            Err(FormError::NameTooLong)
        } else if self.picker.chosen().is_empty() {
            Err(FormError::NobodyChosen)
        } else {
            Ok(())
        }
    }
}

impl Reducible for GroupDialogState {
    type Action = GroupDialogEvent;

    fn reduce(self: Rc<Self>, event: GroupDialogEvent) -> Rc<Self> {
        let mut next = Rc::unwrap_or_clone(self);
        match event {
            GroupDialogEvent::NameChanged(name) => {
                next.name = name;
                next.error = None;
            }
            GroupDialogEvent::Picker(event) => next.picker.update(event),
            GroupDialogEvent::Submitted => next.error = next.validate().err(),
        }
        Rc::new(next)
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
