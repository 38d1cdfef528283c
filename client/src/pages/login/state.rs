//! The state of the login form: the request, the error, and the field that gets the focus. No
//! browser here.

use crate::i18n::Texts;
use crate::net::HttpError;
use std::rc::Rc;
use tidings_shared::api::ProblemCode;
use tidings_shared::limits;
use yew::Reducible;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    Name,
    Password,
}

/// The values of the fields; the name is empty where there is no such field.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) password: String,
}

/// A request to the server.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Request {
    LogIn(Input),
    Register(Input),
}

/// Why the form is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FormError {
    /// This field, and maybe others after it, is empty.
    Incomplete(Field),
    NoAddress,
    ShortPassword,
    Http(HttpError),
}

/// What happens to the form.
pub(super) enum LoginEvent {
    /// The server answered whether anyone may register.
    RegistrationOffered(bool),
    /// The person wants to register in place of logging in, or the other way round.
    SwitchMode,
    Submit(Input),
    Refused(HttpError),
}

/// The form.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct LoginState {
    pub(super) offers_registration: bool,
    pub(super) registering: bool,
    /// The pending request.
    pub(super) request: Option<Request>,
    error: Option<FormError>,
    /// Counts errors, so that a repeated one moves the focus again.
    errors: u32,
    /// A registration whose answer was lost; it may have succeeded.
    unanswered: Option<Input>,
}

impl Reducible for LoginState {
    type Action = LoginEvent;

    fn reduce(self: Rc<Self>, event: LoginEvent) -> Rc<Self> {
        let mut state = (*self).clone();
        match event {
            LoginEvent::RegistrationOffered(offered) => state.offers_registration = offered,
            LoginEvent::SwitchMode => {
                state.registering = !state.registering;
                state.error = None;
            }
            // One request at a time: Enter may be pressed twice before anything is rendered.
            LoginEvent::Submit(_) if state.request.is_some() => return self,
            LoginEvent::Submit(input) => state.submit(input),
            LoginEvent::Refused(error) => state.refused(error),
        }
        Rc::new(state)
    }
}

impl LoginState {
    fn submit(&mut self, input: Input) {
        let input = Input {
            email: input.email.trim().to_owned(),
            name: input.name.trim().to_owned(),
            password: input.password,
        };
        if let Some(error) = self.check(&input) {
            self.fail(error);
            return;
        }
        self.error = None;
        self.request = Some(if self.registering {
            Request::Register(input)
        } else {
            Request::LogIn(input)
        });
    }

    fn refused(&mut self, error: HttpError) {
        if let Some(Request::Register(input)) = self.request.take() {
            match error {
                HttpError::Network | HttpError::Server => self.unanswered = Some(input),
                // The address was taken by this person's own registration, whose answer was lost.
                HttpError::Refused(ProblemCode::EmailTaken, _)
                    if self.unanswered.as_ref() == Some(&input) =>
                {
                    self.unanswered = None;
                    self.request = Some(Request::LogIn(input));
                    return;
                }
                _ => {}
            }
        }
        self.fail(FormError::Http(error));
    }

    fn check(&self, input: &Input) -> Option<FormError> {
        let fields = [
            (Field::Email, &input.email),
            (Field::Name, &input.name),
            (Field::Password, &input.password),
        ];
        let is_asked = |field| field != Field::Name || self.registering;
        let empty = (fields.into_iter()).find(|(field, text)| is_asked(*field) && text.is_empty());
        if let Some((field, _)) = empty {
            Some(FormError::Incomplete(field))
        } else if self.registering && !input.email.contains('@') {
            Some(FormError::NoAddress)
        } else if self.registering && input.password.chars().count() < limits::PASSWORD_CHARS {
            Some(FormError::ShortPassword)
        } else {
            None
        }
    }

    fn fail(&mut self, error: FormError) {
        self.error = Some(error);
        self.errors += 1;
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.request.is_some()
    }

    /// The field that takes the focus after an error, and which error that was.
    pub(super) fn focus(&self) -> Option<(Field, u32)> {
        let field = match self.error.as_ref()? {
            FormError::Incomplete(field) => *field,
            FormError::NoAddress
            | FormError::Http(HttpError::Refused(ProblemCode::EmailTaken, _)) => Field::Email,
            FormError::ShortPassword
            | FormError::Http(
                HttpError::BadCredentials | HttpError::Refused(ProblemCode::CommonPassword, _),
            ) => Field::Password,
            FormError::Http(_) => return None,
        };
        Some((field, self.errors))
    }

    /// Whether this field is marked as invalid for assistive technology.
    pub(super) fn is_invalid(&self, field: Field) -> bool {
        match &self.error {
            // Which of the two is wrong is not known.
            Some(FormError::Http(HttpError::BadCredentials)) => field != Field::Name,
            Some(FormError::Incomplete(_)) => false,
            _ => self.focus().is_some_and(|(wrong, _)| wrong == field),
        }
    }

    /// The text of the error.
    pub(super) fn error_text(&self, texts: &Texts) -> Option<String> {
        let account = &texts.account;
        Some(match self.error.as_ref()? {
            FormError::Incomplete(_) if self.registering => account.fill_in_all.to_owned(),
            FormError::Incomplete(_) => texts.fill_in_both.to_owned(),
            FormError::NoAddress => account.no_address.to_owned(),
            FormError::ShortPassword => account.short_password.to_owned(),
            FormError::Http(HttpError::Refused(ProblemCode::EmailTaken, _)) => {
                account.email_taken.to_owned()
            }
            FormError::Http(HttpError::Refused(ProblemCode::CommonPassword, _)) => {
                account.common_password.to_owned()
            }
            FormError::Http(HttpError::Refused(ProblemCode::Locked, _)) => {
                account.locked.to_owned()
            }
            FormError::Http(HttpError::Refused(_, message)) => (texts.server_refused)(message),
            FormError::Http(error) => (texts.login_failed)(error),
        })
    }

    /// The text on the submit button.
    pub(super) const fn action_text(&self, texts: &'static Texts) -> &'static str {
        match (self.registering, self.is_busy()) {
            (false, false) => texts.log_in,
            (false, true) => texts.logging_in,
            (true, false) => texts.account.create,
            (true, true) => texts.account.creating,
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
