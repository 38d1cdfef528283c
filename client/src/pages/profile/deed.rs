//! What a person does to their account, and what becomes of it.

use crate::i18n::Locale;
use crate::net::{self, HttpError};
use tidings_shared::api::{ProblemCode, User};
use tidings_shared::limits;
use wasm_bindgen::prelude::*;
use web_sys::HtmlInputElement;

/// The parts of the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Face,
    Password,
    Logins,
}

/// What the person does.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Rename(String),
    /// To the file that this field holds.
    SetPicture(HtmlInputElement),
    RemovePicture,
    ChangePassword {
        old: String,
        new: String,
    },
    /// `None`: every one but this.
    EndLogin(Option<String>),
}

/// What a deed gives.
pub(super) enum Outcome {
    User(User),
    Nothing,
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    NoName,
    NoPicture,
    ShortPassword,
    Http(HttpError),
}

impl From<HttpError> for Fault {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl Deed {
    pub(super) const fn part(&self) -> Part {
        match self {
            Self::Rename(_) | Self::SetPicture(_) | Self::RemovePicture => Part::Face,
            Self::ChangePassword { .. } => Part::Password,
            Self::EndLogin(_) => Part::Logins,
        }
    }

    /// It is not carried out: a file can be chosen once more.
    pub(super) fn abandon(self) {
        if let Self::SetPicture(field) = self {
            field.set_value("");
        }
    }

    pub(super) async fn carry_out(self) -> Result<Outcome, Fault> {
        Ok(match self {
            Self::Rename(name) if name.trim().is_empty() => return Err(Fault::NoName),
            Self::Rename(name) => Outcome::User(net::rename(name).await?),
            Self::SetPicture(field) => {
                let picture = picture(&field).await.map_err(|_| Fault::NoPicture)?;
                Outcome::User(net::set_avatar(Some(&picture)).await?)
            }
            Self::RemovePicture => Outcome::User(net::set_avatar(None).await?),
            Self::ChangePassword { new, .. } if new.chars().count() < limits::PASSWORD_CHARS => {
                return Err(Fault::ShortPassword);
            }
            Self::ChangePassword { old, new } => {
                net::change_password(old, new).await?;
                Outcome::Nothing
            }
            Self::EndLogin(id) => {
                net::end_login(id.as_deref()).await?;
                Outcome::Nothing
            }
        })
    }
}

impl Fault {
    pub(super) fn text(&self, locale: &Locale) -> String {
        let texts = locale.texts;
        let account = &texts.account;
        match self {
            Self::NoName => account.no_name.into(),
            Self::NoPicture => account.no_picture.into(),
            Self::ShortPassword => account.short_password.into(),
            Self::Http(HttpError::Refused(ProblemCode::WrongPassword, _)) => {
                account.wrong_password.into()
            }
            Self::Http(HttpError::Refused(_, words)) => (texts.server_refused)(words),
            Self::Http(error) => (texts.login_failed)(error),
        }
    }
}

#[wasm_bindgen(module = "/shell/picture.js")]
extern "C" {
    #[wasm_bindgen(js_name = picture, catch)]
    async fn js_picture(field: &HtmlInputElement) -> Result<JsValue, JsValue>;
}

/// The avatar that `shell/picture.js` makes of a file.
async fn picture(field: &HtmlInputElement) -> Result<JsValue, JsValue> {
    let picture = js_picture(field).await;
    // So that the same file can be chosen once more.
    field.set_value("");
    picture
}
