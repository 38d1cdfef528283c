//! The settings of the page. Each choice applies at once, is stored in this browser, and every tab
//! follows it.

use super::modal::use_modal;
use crate::attention::{self, Permission};
use crate::i18n::{Lang, use_locale};
use crate::storage::{self, Setting};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// The callback of the dialog.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct SettingsProps {
    /// The person is done.
    pub on_close: Callback<()>,
}

/// A value of a setting and its label.
type Choice = (&'static str, &'static str);

/// The settings, as a dialog over everything.
#[component]
pub fn Settings(props: &SettingsProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.settings;
    let dialog = use_node_ref();
    use_modal(&dialog);
    let chosen = use_force_update();
    let choose = Callback::from(move |(setting, value): (Setting, &'static str)| {
        storage::choose(setting, value);
        chosen.force_update();
    });
    let languages = [Lang::ZhCn, Lang::En].map(|lang| (lang.tag(), lang.name()));
    let themes = [
        ("", texts.theme_system),
        ("light", texts.theme_light),
        ("dark", texts.theme_dark),
    ];
    let sizes = [
        ("small", texts.text_small),
        ("", texts.text_medium),
        ("large", texts.text_large),
    ];
    let theme = storage::chosen(Setting::Theme);
    let size = storage::chosen(Setting::Text);
    let permission = attention::may_notify();
    let notifies = permission == Permission::Granted && storage::chosen(Setting::Notify) == "on";
    let ask = {
        let choose = choose.clone();
        Callback::from(move |_: Event| {
            if notifies {
                choose.emit((Setting::Notify, "off"));
                return;
            }
            let choose = choose.clone();
            spawn_local(async move {
                attention::ask().await;
                let granted = attention::may_notify() == Permission::Granted;
                choose.emit((Setting::Notify, if granted { "on" } else { "" }));
            });
        })
    };
    let sounds = storage::chosen(Setting::Sound) != "off";
    let mute = choose.reform(move |_: Event| (Setting::Sound, if sounds { "off" } else { "on" }));
    let close = props.on_close.reform(|_: MouseEvent| ());
    let oncancel = props.on_close.reform(|_: Event| ());
    html! {
        <dialog
            ref={dialog}
            class="dialog settings"
            data-testid="settings"
            aria-labelledby="settings-title"
            {oncancel}
        >
            <h2 id="settings-title">{ texts.settings }</h2>
            { group(Setting::Language, texts.language, locale.lang.tag(), &languages, &choose) }
            { group(Setting::Theme, texts.theme, &theme, &themes, &choose) }
            { group(Setting::Text, texts.text_size, &size, &sizes, &choose) }
            <fieldset>
                <legend>{ texts.alerts }</legend>
                { check(Setting::Notify, texts.notify, notifies, permission == Permission::Denied, ask) }
                if permission == Permission::Denied {
                    <small>{ texts.notify_denied }</small>
                }
                { check(Setting::Sound, texts.sound, sounds, false, mute) }
            </fieldset>
            <div class="dialog-buttons">
                <button
                    type="button"
                    class="button button-primary"
                    data-testid="settings-close"
                    onclick={close}
                >
                    { texts.done }
                </button>
            </div>
        </dialog>
    }
}

/// A checkbox.
fn check(
    setting: Setting,
    label: &'static str,
    checked: bool,
    disabled: bool,
    onchange: Callback<Event>,
) -> Html {
    html! {
        <label>
            <input type="checkbox" name={setting.key()} {checked} {disabled} {onchange} />
            <span>{ label }</span>
        </label>
    }
}

/// A group of radio buttons.
fn group(
    setting: Setting,
    legend: &'static str,
    chosen: &str,
    choices: &[Choice],
    choose: &Callback<(Setting, &'static str)>,
) -> Html {
    let choice = |&(value, label): &Choice| {
        let onchange = choose.reform(move |_: Event| (setting, value));
        html! {
            <label>
                <input
                    type="radio"
                    name={setting.key()}
                    {value}
                    checked={chosen == value}
                    {onchange}
                />
                <span>{ label }</span>
            </label>
        }
    };
    html! {
        <fieldset>
            <legend>{ legend }</legend>
            { for choices.iter().map(choice) }
        </fieldset>
    }
}
