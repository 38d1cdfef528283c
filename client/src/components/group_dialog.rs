//! A new group, or new members for one, as the browser's own modal dialog. What was typed and
//! chosen stays until it is closed, whatever the server says meanwhile.

use super::modal::use_modal;
use super::picker::{Chosen, Picker};
use crate::i18n::{GroupTexts, use_locale};
use crate::net::HttpError;
use crate::state::Contacts;
use tidings_shared::UserId;
use tidings_shared::limits::GROUP_NAME_CHARS;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// What the person does in the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupDialogAction {
    /// They are done: the name (empty where members are added), and who was chosen.
    Submit(String, Vec<UserId>),
    /// They close it.
    Cancel,
    /// They need more contacts; `true`: after it failed.
    MoreContacts(bool),
}

/// What for.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct GroupDialogProps {
    /// Whether members are added, or else a group is created.
    pub adds: bool,
    /// Everyone, as far as they are loaded.
    pub contacts: Contacts,
    /// Who is a member already, as far as they are loaded.
    pub members: Contacts,
    /// The server has been asked.
    pub busy: bool,
    /// Why it refused.
    pub error: Option<HttpError>,
    /// What the person does.
    pub on_action: Callback<GroupDialogAction>,
}

/// What keeps the dialog from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    Name,
    ShorterName,
    People,
}

impl Lack {
    fn of(name: Option<&str>, people: usize) -> Option<Self> {
        match name.map(|name| name.trim().chars().count()) {
            Some(0) => Some(Self::Name),
            Some(count) if count > GROUP_NAME_CHARS => Some(Self::ShorterName),
            _ => (people == 0).then_some(Self::People),
        }
    }

    const fn text(self, texts: &GroupTexts) -> &'static str {
        match self {
            Self::Name => texts.name_missing,
            Self::ShorterName => texts.name_too_long,
            Self::People => texts.nobody_chosen,
        }
    }
}

/// The dialog.
#[component]
pub fn GroupDialog(props: &GroupDialogProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.group;
    let (dialog, name) = (use_node_ref(), use_node_ref());
    let chosen = use_reducer_eq(Chosen::default);
    let used = use_state_eq(|| 0);
    let lack = use_state_eq(|| None::<Lack>);
    use_modal(&dialog);
    let onsubmit = {
        let (name, dialog, lack) = (name.clone(), dialog.clone(), lack.clone());
        let uids: Vec<UserId> = chosen.0.iter().map(|contact| contact.uid).collect();
        let (on_action, adds, busy) = (props.on_action.clone(), props.adds, props.busy);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let name = name
                .cast::<HtmlInputElement>()
                .map_or_else(String::new, |name| name.value());
            let lacks = Lack::of((!adds).then_some(&*name), uids.len());
            lack.set(lacks);
            match lacks {
                None if !busy => {
                    let name = name.trim().to_owned();
                    on_action.emit(GroupDialogAction::Submit(name, uids.clone()));
                }
                None => {}
                Some(Lack::People) => focus_in(&dialog, "[type=search]"),
                Some(Lack::Name | Lack::ShorterName) => focus_in(&dialog, "[name=group]"),
            }
        })
    };
    let oncancel = {
        let on_action = props.on_action.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            on_action.emit(GroupDialogAction::Cancel);
        })
    };
    let cancel = props
        .on_action
        .reform(|_: MouseEvent| GroupDialogAction::Cancel);
    let oninput = {
        let (used, lack) = (used.clone(), lack.clone());
        Callback::from(move |event: InputEvent| {
            let field: HtmlInputElement = event.target_unchecked_into();
            used.set(field.value().trim().chars().count());
            lack.set(None);
        })
    };
    let too_long = *used > GROUP_NAME_CHARS;
    // Who has chosen someone since does not lack people any more.
    let lacks = lack.filter(|lack| *lack != Lack::People || chosen.0.is_empty());
    let error = lacks.map(|lack| lack.text(texts).to_owned()).or_else(|| {
        props
            .error
            .as_ref()
            .filter(|_| !props.busy)
            .map(texts.failed)
    });
    let (title, action) = if props.adds {
        (texts.add_members, texts.add)
    } else {
        (texts.new, texts.create)
    };
    html! {
        <dialog
            ref={dialog}
            class="dialog group-dialog"
            data-testid="group-dialog"
            aria-labelledby="group-dialog-title"
            {oncancel}
        >
            <form class="group-form" {onsubmit} novalidate=true>
                <h2 id="group-dialog-title">{ title }</h2>
                if !props.adds {
                    <label class="group-name">
                        <span>{ texts.name }</span>
                        <input
                            ref={name}
                            type="text"
                            name="group"
                            data-testid="group-name"
                            autocomplete="off"
                            dir="auto"
                            aria-invalid={(too_long || matches!(lacks, Some(Lack::Name))).to_string()}
                            aria-describedby="group-name-count group-error"
                            {oninput}
                        />
                        <span
                            id="group-name-count"
                            class={if too_long { "group-name-count over" } else { "group-name-count" }}
                            data-testid="group-name-count"
                        >
                            { format!("{}/{GROUP_NAME_CHARS}", *used) }
                        </span>
                    </label>
                }
                <Picker
                    contacts={props.contacts.clone()}
                    members={props.members.clone()}
                    {chosen}
                    on_more={props.on_action.reform(GroupDialogAction::MoreContacts)}
                />
                <div id="group-error" class="group-error" role="alert">
                    if let Some(error) = error {
                        <p data-testid="group-error">{ error }</p>
                    }
                </div>
                <div class="dialog-buttons">
                    <button type="button" class="button" data-testid="group-cancel" onclick={cancel}>
                        { texts.cancel }
                    </button>
                    <button
                        type="submit"
                        class="button button-primary"
                        data-testid="group-submit"
                        aria-disabled={props.busy.to_string()}
                    >
                        if props.busy {
                            <span class="spinner" aria-hidden="true" />
                        }
                        { action }
                    </button>
                </div>
            </form>
        </dialog>
    }
}

fn focus_in(dialog: &NodeRef, selector: &str) {
    let found = dialog
        .cast::<HtmlElement>()
        .and_then(|dialog| dialog.query_selector(selector).ok().flatten());
    if let Some(field) = found.map(wasm_bindgen::JsCast::unchecked_into::<HtmlElement>) {
        // A field that cannot take the focus leaves it where it is.
        let _ = field.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::{GROUP_NAME_CHARS, Lack};

    #[test]
    fn a_name_is_counted_in_characters_without_the_space_around_it() {
        let longest = "群".repeat(GROUP_NAME_CHARS);
        assert_eq!(Lack::of(Some(&format!(" {longest} ")), 1), None);
        assert_eq!(
            Lack::of(Some(&format!("{longest}x")), 1),
            Some(Lack::ShorterName)
        );
        assert_eq!(Lack::of(Some(" \t"), 1), Some(Lack::Name));
    }

    #[test]
    fn somebody_has_to_be_chosen_and_new_members_need_no_name() {
        assert_eq!(Lack::of(Some("x"), 0), Some(Lack::People));
        assert_eq!(Lack::of(None, 0), Some(Lack::People));
        assert_eq!(Lack::of(None, 1), None);
    }
}
