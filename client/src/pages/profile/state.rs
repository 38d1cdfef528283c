//! One's own account, as values: what is asked for, one thing at a time, and what became of it. No
//! browser here.

use crate::i18n::Locale;
use crate::net::HttpError;
use std::rc::Rc;
use tidings_shared::api::{Device, ProblemCode};
use tidings_shared::limits;
use yew::Reducible;

/// The parts of the dialog; each says below itself what became of its last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Face,
    Password,
    Logins,
}

/// What the person asks for.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Request {
    Rename(String),
    /// To the file that was chosen.
    SetPicture,
    RemovePicture,
    ChangePassword {
        old: String,
        new: String,
    },
    /// `None`: every one but this.
    EndLogin(Option<String>),
}

impl Request {
    pub(super) const fn part(&self) -> Part {
        match self {
            Self::Rename(_) | Self::SetPicture | Self::RemovePicture => Part::Face,
            Self::ChangePassword { .. } => Part::Password,
            Self::EndLogin(_) => Part::Logins,
        }
    }

    fn check(&self) -> Option<FormError> {
        match self {
            Self::Rename(name) if name.trim().is_empty() => Some(FormError::NoName),
            Self::ChangePassword { new, .. } if new.chars().count() < limits::PASSWORD_CHARS => {
                Some(FormError::ShortPassword)
            }
            _ => None,
        }
    }
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FormError {
    NoName,
    NoPicture,
    ShortPassword,
    Http(HttpError),
}

impl From<HttpError> for FormError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl FormError {
    fn text(&self, locale: &Locale) -> String {
        let texts = locale.texts;
        let account = &texts.account;
        match self {
            Self::NoName => account.no_name.into(),
            Self::NoPicture => account.no_picture.into(),
            Self::ShortPassword => account.short_password.into(),
            Self::Http(HttpError::Refused(ProblemCode::WrongPassword, _)) => {
                account.wrong_password.into()
            }
            Self::Http(HttpError::Refused(ProblemCode::CommonPassword, _)) => {
                account.common_password.into()
            }
            Self::Http(HttpError::Refused(_, words)) => (texts.server_refused)(words),
            Self::Http(error) => (texts.login_failed)(error),
        }
    }
}

/// What happens to the dialog.
pub(super) enum Event {
    Submit(Request),
    /// The request came to this.
    Answered(Result<(), FormError>),
    /// Where one is logged in.
    Logins(Vec<Device>),
}

/// The dialog.
#[derive(Clone, Default, PartialEq)]
pub(super) struct ProfileState {
    /// What is under way.
    pub(super) request: Option<Request>,
    /// What became of the last one.
    outcome: Option<(Part, Result<(), FormError>)>,
    /// Where one is logged in; empty until that is known.
    pub(super) logins: Vec<Device>,
}

impl Reducible for ProfileState {
    type Action = Event;

    fn reduce(self: Rc<Self>, event: Event) -> Rc<Self> {
        let mut state = (*self).clone();
        match event {
            Event::Submit(_) if self.is_busy() => return self,
            Event::Submit(request) => {
                let error = request.check();
                state.outcome = error.map(|error| (request.part(), Err(error)));
                state.request = Some(request).filter(|_| state.outcome.is_none());
            }
            Event::Answered(outcome) => {
                let request = state.request.take();
                state.outcome = request.map(|request| (request.part(), outcome));
            }
            Event::Logins(logins) => state.logins = logins,
        }
        Rc::new(state)
    }
}

/// What a part says of its last request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Status {
    Nothing,
    Busy,
    Done,
    Failed(String),
}

impl ProfileState {
    pub(super) const fn is_busy(&self) -> bool {
        self.request.is_some()
    }

    pub(super) fn status(&self, part: Part, locale: &Locale) -> Status {
        match (&self.request, &self.outcome) {
            (Some(request), _) if request.part() == part => Status::Busy,
            (None, Some((of, Ok(())))) if *of == part => Status::Done,
            (None, Some((of, Err(error)))) if *of == part => Status::Failed(error.text(locale)),
            _ => Status::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: impl IntoIterator<Item = Event>) -> Rc<ProfileState> {
        (events.into_iter()).fold(Rc::new(ProfileState::default()), Reducible::reduce)
    }

    fn outcome(state: &ProfileState) -> Option<(Part, Result<(), FormError>)> {
        state.outcome.clone()
    }

    #[test]
    fn a_blank_name_and_a_short_password_ask_nothing() {
        let short = Request::ChangePassword {
            old: "long enough".into(),
            new: "x".into(),
        };
        for (request, part, error) in [
            (Request::Rename(" ".into()), Part::Face, FormError::NoName),
            (short, Part::Password, FormError::ShortPassword),
        ] {
            let state = after([Event::Submit(request)]);
            assert!(!state.is_busy());
            assert_eq!(outcome(&state), Some((part, Err(error))));
        }
    }

    #[test]
    fn a_second_request_waits_for_the_first() {
        let first = after([Event::Submit(Request::RemovePicture)]);
        let second = first.clone().reduce(Event::Submit(Request::SetPicture));
        assert!(Rc::ptr_eq(&first, &second));
        let done = second.reduce(Event::Answered(Ok(())));
        assert!(!done.is_busy());
        assert_eq!(outcome(&done), Some((Part::Face, Ok(()))));
    }

    #[test]
    fn a_refusal_is_said_below_its_own_part() {
        let error = FormError::Http(HttpError::Network);
        let state = after([
            Event::Submit(Request::EndLogin(None)),
            Event::Answered(Err(error.clone())),
        ]);
        assert_eq!(outcome(&state), Some((Part::Logins, Err(error))));
    }

    #[test]
    fn a_new_request_clears_what_the_last_came_to() {
        let state = after([
            Event::Submit(Request::Rename(String::new())),
            Event::Submit(Request::Rename("Ann".into())),
        ]);
        assert!(state.is_busy());
        assert_eq!(outcome(&state), None);
    }
}
