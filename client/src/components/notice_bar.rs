//! Short sentences over the page, to be dismissed.

use super::Icon;
use crate::edition;
use crate::i18n::{Texts, use_locale};
use crate::state::{Notice, NoticeKind};
use yew::prelude::*;

/// Which sentences.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct NoticeBarProps {
    /// Those shown.
    pub notices: Vec<Notice>,
    /// One is dismissed.
    pub on_dismiss: Callback<u64>,
}

/// The sentences.
#[component]
pub fn NoticeBar(props: &NoticeBarProps) -> Html {
    let texts = use_locale().texts;
    let notice = |notice: &Notice| {
        let id = notice.id;
        let on_dismiss = props.on_dismiss.clone();
        let onclick = Callback::from(move |_: MouseEvent| on_dismiss.emit(id));
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
        <div class="notices" role="alert">{ for props.notices.iter().map(notice) }</div>
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
