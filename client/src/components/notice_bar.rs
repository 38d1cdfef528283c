//! The notices over the page, to be dismissed.

use super::Icon;
use crate::dom;
use crate::i18n::Texts;
use crate::{storage, update};
use tidings_client_state::{Notice, NoticeKind};
use tidings_shared::UserId;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

/// The notices of a user. `on_dismiss`: one is dismissed.
pub fn notice_bar(
    texts: &Texts,
    me: UserId,
    notices: &[Notice],
    on_dismiss: &Callback<u64>,
) -> Html {
    let notice = |notice: &Notice| {
        let id = notice.id;
        let onclick = on_dismiss.reform(move |_: MouseEvent| id);
        html! {
            <div key={id} class="notice" data-testid="notice">
                { Icon::Warning.html() }
                <span class="notice-text">{ sentence(texts, notice.kind) }</span>
                if notice.kind == NoticeKind::NewVersion {
                    <button
                        type="button"
                        class="button"
                        data-testid="reload"
                        onclick={|_: MouseEvent| update::reload()}
                    >
                        { texts.reload }
                    </button>
                }
                if notice.kind == NoticeKind::OutboxUnreadable {
                    <button
                        type="button"
                        class="button"
                        data-testid="copy-unreadable"
                        onclick={move |event: MouseEvent| copy_unreadable(me, &event)}
                    >
                        { texts.copy }
                    </button>
                }
                <button type="button" class="button-icon" aria-label={texts.dismiss} {onclick}>
                    { Icon::Close.html() }
                </button>
            </div>
        }
    };
    html! {
        <div class="notices" role="alert">{ for notices.iter().map(notice) }</div>
    }
}

/// Copies the unreadable outbox, as it was stored.
fn copy_unreadable(me: UserId, event: &MouseEvent) {
    let near: Element = event.target_unchecked_into();
    if let Some(text) = storage::unreadable_outbox(me) {
        spawn_local(async move {
            // If the browser refuses, the text stays stored.
            dom::copy(&text, near.parent_element()).await;
        });
    }
}

fn sentence(texts: &Texts, kind: NoticeKind) -> String {
    match kind {
        NoticeKind::OutboxFull => texts.outbox_full.into(),
        NoticeKind::NotSaved => texts.write.not_saved.into(),
        NoticeKind::OutboxUnreadable => texts.outbox_unreadable.into(),
        NoticeKind::LogoutFailed => texts.logout_failed.into(),
        NoticeKind::NewVersion => texts.new_version.into(),
        NoticeKind::Server(code) => (texts.server_refused)((texts.refused)(code)),
    }
}
