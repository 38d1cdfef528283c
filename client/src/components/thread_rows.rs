//! The rows of one conversation: rendered again only when they change, however often it comes and goes.

use super::thread::ThreadAction;
use super::{BubbleRow, EventLine};
use crate::clock;
use crate::component::component;
use crate::element::html;
use crate::i18n::Locale;
use crate::state::Row;
use std::rc::Rc;
use yew::prelude::*;

/// Of which conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ThreadRowsProps {
    /// The language.
    pub locale: Rc<Locale>,
    /// The rows, oldest first.
    pub rows: Rc<Vec<Row>>,
    /// What the person does.
    pub on_action: Callback<ThreadAction>,
}

/// The rows of one conversation.
#[component]
pub(super) fn ThreadRows(props: &ThreadRowsProps) -> Html {
    let ThreadRowsProps {
        locale,
        rows,
        on_action,
    } = props;
    html! {
        <>{ for rows.iter().map(|row| self::row(row, locale, on_action)) }</>
    }
}

fn row(row: &Row, locale: &Rc<Locale>, on_action: &Callback<ThreadAction>) -> Html {
    match row {
        Row::Day(at_ms, day) => html! {
            <div key={format!("d{day}")} class="day">
                <span>{ locale.dates.day(*at_ms, clock::wall_ms()) }</span>
            </div>
        },
        Row::Unread(above) => html! {
            <div key="unread" class="unread-divider" data-testid="unread-divider">
                <span>{ (locale.texts.unread_divider)(*above) }</span>
            </div>
        },
        Row::Event(event, bubble) => html! {
            <EventLine
                key={bubble.key.clone()}
                locale={locale.clone()}
                event={*event}
                bubble={bubble.clone()}
            />
        },
        Row::Bubble(bubble) => html! {
            <BubbleRow
                key={bubble.key.clone()}
                locale={locale.clone()}
                bubble={bubble.clone()}
                on_action={on_action.clone()}
            />
        },
    }
}
