//! Short sentences over the page, to be dismissed.

use super::Icon;
use crate::edition;
use crate::element::html;
use crate::i18n::Texts;
use crate::state::{Notice, NoticeKind};
use yew::prelude::*;

/// The sentences. `on_dismiss`: one is dismissed.
pub fn notice_bar(texts: &Texts, notices: &[Notice], on_dismiss: &Callback<u64>) -> Html {
    let notice = |notice: &Notice| {
        let id = notice.id;
        let onclick = on_dismiss.reform(move |_: MouseEvent| id);
        html! {
            <div key={id} class="notice" data-testid="notice">
                { Icon::Warning.html() }
                <span class="notice-text">{ sentence(texts, notice.kind) }</span>
                if notice.kind == NoticeKind::NewEdition {
                    <button
                        type="button"
                        class="button"
                        data-testid="reload"
                        onclick={|_: MouseEvent| edition::reload()}
                    >
                        { texts.reload }
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

fn sentence(texts: &Texts, kind: NoticeKind) -> String {
    match kind {
        NoticeKind::OutboxFull => texts.outbox_full.into(),
        NoticeKind::LogoutFailed => texts.logout_failed.into(),
        NoticeKind::NewEdition => texts.new_edition.into(),
        NoticeKind::Server(code) => (texts.server_refused)((texts.refused)(code)),
    }
}
