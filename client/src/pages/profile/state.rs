//! The state of the profile dialog: the pending request, one at a time, and the result of the last
//! one. No browser here.

use crate::i18n::Locale;
use crate::net::HttpError;
use std::rc::Rc;
use tidings_shared::api::{Device, ProblemCode};
use tidings_shared::limits;
use yew::Reducible;

/// The parts of the dialog; each shows the result of its last request below itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Identity,
    Password,
    Logins,
}

/// What the person asks for.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Request {
    Rename(String),
    /// To the chosen file.
    SetPicture,
    RemovePicture,
    ChangePassword {
        old: String,
        new: String,
    },
    /// `None`: all but this login.
    EndLogin(Option<String>),
}

impl Request {
    pub(super) const fn part(&self) -> Part {
        match self {
            Self::Rename(_) | Self::SetPicture | Self::RemovePicture => Part::Identity,
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

/// Why a request failed.
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
            Self::Http(HttpError::Refused(_, message)) => (texts.server_refused)(message),
            Self::Http(error) => (texts.login_failed)(error),
        }
    }
}

/// An event of the dialog.
pub(super) enum ProfileEvent {
    Submit(Request),
    /// The request's result.
    Answered(Result<(), FormError>),
    /// The logins arrived.
    Logins(Vec<Device>),
}

/// The dialog.
#[derive(Clone, Default, PartialEq)]
pub(super) struct ProfileState {
    /// The pending request.
    pub(super) request: Option<Request>,
    /// The result of the last one.
    outcome: Option<(Part, Result<(), FormError>)>,
    /// The logins; empty until they are loaded.
    pub(super) logins: Vec<Device>,
}

impl Reducible for ProfileState {
    type Action = ProfileEvent;

    fn reduce(self: Rc<Self>, event: ProfileEvent) -> Rc<Self> {
        let mut state = (*self).clone();
        match event {
            ProfileEvent::Submit(_) if self.is_busy() => return self,
            ProfileEvent::Submit(request) => {
                let error = request.check();
                state.outcome = error.map(|error| (request.part(), Err(error)));
                state.request = Some(request).filter(|_| state.outcome.is_none());
            }
            ProfileEvent::Answered(outcome) => {
                let request = state.request.take();
                state.outcome = request.map(|request| (request.part(), outcome));
            }
            ProfileEvent::Logins(logins) => state.logins = logins,
        }
        Rc::new(state)
    }
}

/// What a part shows of its last request.
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

    fn after(events: impl IntoIterator<Item = ProfileEvent>) -> Rc<ProfileState> {
        (events.into_iter()).fold(Rc::new(ProfileState::default()), Reducible::reduce)
    }

    fn outcome(state: &ProfileState) -> Option<(Part, Result<(), FormError>)> {
        state.outcome.clone()
    }

    #[test]
    fn blank_name_and_short_password_send_no_request() {
        let short = Request::ChangePassword {
            old: "long enough".into(),
            new: "x".into(),
        };
        for (request, part, error) in [
            (
                Request::Rename(" ".into()),
                Part::Identity,
                FormError::NoName,
            ),
            (short, Part::Password, FormError::ShortPassword),
        ] {
            let state = after([ProfileEvent::Submit(request)]);
            assert!(!state.is_busy());
            assert_eq!(outcome(&state), Some((part, Err(error))));
        }
    }

    #[test]
    fn second_request_is_ignored_while_busy() {
        let first = after([ProfileEvent::Submit(Request::RemovePicture)]);
        let second = first
            .clone()
            .reduce(ProfileEvent::Submit(Request::SetPicture));
        assert!(Rc::ptr_eq(&first, &second));
        let done = second.reduce(ProfileEvent::Answered(Ok(())));
        assert!(!done.is_busy());
        assert_eq!(outcome(&done), Some((Part::Identity, Ok(()))));
    }

    #[test]
    fn refusal_is_reported_by_its_own_part() {
        let error = FormError::Http(HttpError::Network);
        let state = after([
            ProfileEvent::Submit(Request::EndLogin(None)),
            ProfileEvent::Answered(Err(error.clone())),
        ]);
        assert_eq!(outcome(&state), Some((Part::Logins, Err(error))));
    }

    #[test]
    fn new_request_clears_the_last_outcome() {
        let state = after([
            ProfileEvent::Submit(Request::Rename(String::new())),
            ProfileEvent::Submit(Request::Rename("Ann".into())),
        ]);
        assert!(state.is_busy());
        assert_eq!(outcome(&state), None);
    }
}
