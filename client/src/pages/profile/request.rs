//! Sends the requests of the profile dialog.

use super::state::{FormError, Request};
use crate::net;
use tidings_shared::api::User;
use wasm_bindgen::prelude::*;
use web_sys::HtmlInputElement;
use yew::NodeRef;

#[wasm_bindgen(module = "/shell/picture.js")]
extern "C" {
    /// Makes an avatar of the file in a field.
    #[wasm_bindgen(js_name = picture, catch)]
    async fn js_picture(field: &HtmlInputElement) -> Result<JsValue, JsValue>;
}

/// Sends a request. Returns the user if the request changed them. `file`: the picture's field.
pub(super) async fn run(request: Request, file: NodeRef) -> Result<Option<User>, FormError> {
    Ok(match request {
        Request::Rename(name) => Some(net::rename(name).await?),
        Request::SetPicture => {
            let picture = picture(&file).await.ok_or(FormError::NoPicture)?;
            Some(net::set_avatar(Some(&picture)).await?)
        }
        Request::RemovePicture => Some(net::set_avatar(None).await?),
        Request::ChangePassword { old, new } => {
            net::change_password(old, new).await?;
            None
        }
        Request::EndLogin(id) => {
            net::end_login(id.as_deref()).await?;
            None
        }
    })
}

async fn picture(file: &NodeRef) -> Option<JsValue> {
    let field: HtmlInputElement = file.cast()?;
    let picture = js_picture(&field).await;
    // Cleared, so that the same file can be chosen once more.
    field.set_value("");
    picture.ok()
}
