//! A round picture, or an initial on a colour that is stable for each person.

use std::rc::Rc;
use tidings_shared::Peer;
use yew::prelude::*;

/// The colours of the style sheet.
const HUES: [&str; 8] = [
    "hue-0", "hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "hue-6", "hue-7",
];

/// What an avatar shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct AvatarProps {
    /// The peer it belongs to.
    pub peer: Peer,
    /// The name, for the initial.
    pub name: Rc<str>,
    /// URL of a picture; empty: none.
    pub src: Rc<str>,
    /// One of the sizes of the style sheet.
    pub size: &'static str,
}

/// An avatar. Decoration: the name always appears beside it.
#[component]
pub fn Avatar(props: &AvatarProps) -> Html {
    // A URL that failed to load, mostly because its owner has a newer picture.
    let missing = use_state_eq(|| Rc::<str>::from(""));
    if !props.src.is_empty() && props.src != *missing {
        let (src, missing) = (props.src.clone(), missing.setter());
        return html! {
            <img
                class={classes!("avatar", props.size)}
                src={props.src.clone()}
                alt=""
                loading="lazy"
                onerror={move |_: Event| missing.set(src.clone())}
            />
        };
    }
    html! {
        <span class={classes!("avatar", props.size, hue(props.peer))} aria-hidden="true" translate="no">
            { initial(&props.name) }
        </span>
    }
}

/// The class that sets a peer's colour, as `--hue`.
pub(super) fn hue(peer: Peer) -> &'static str {
    let at = match peer {
        Peer::User(uid) => uid.0,
        Peer::Group(id) => id.0 + 4,
    };
    let hue = usize::try_from(at.rem_euclid(8)).unwrap_or_default();
    HUES[hue]
}

/// The initial; the style sheet capitalises it.
fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphanumeric());
    first.map_or_else(|| "#".into(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::initial;

    #[test]
    fn initial_is_the_first_letter_or_ideograph() {
        assert_eq!(initial("张三"), "张");
        assert_eq!(initial(" élise"), "é");
        assert_eq!(initial("🦀"), "#");
        assert_eq!(initial(""), "#");
    }
}
