//! What the person sees, one noun a file.
//!
//! Components take cheap props and are memoised by them; lists are keyed. They know nothing of
//! frames and connections: the person's actions go up through callbacks, to `pages/chat.rs`.

mod avatar;
mod bubble;
mod chip;
mod composer;
mod confirm;
mod contact_row;
mod conversation_row;
mod countdown;
mod dynamic_text;
mod emoji_picker;
mod empty;
mod empty_list;
mod event_line;
mod group_dialog;
mod group_panel;
mod icon;
mod language_switch;
mod link;
mod list_end;
mod logo;
mod modal;
mod notice_bar;
mod notify_bar;
mod panel;
mod scroller;
mod settings;
mod side_dialog;
mod sidebar;
mod sidebar_head;
mod sidebar_list;
mod skeleton;
mod thread;
mod thread_head;
mod thread_keys;

pub use avatar::Avatar;
pub use bubble::BubbleRow;
pub use chip::Chip;
pub use composer::Composer;
pub use confirm::Confirm;
pub use contact_row::ContactRow;
pub use conversation_row::{ConversationRow, row_id};
pub use countdown::Countdown;
pub use dynamic_text::dynamic_text;
pub use emoji_picker::EmojiPicker;
pub use empty::{empty, hint};
pub use event_line::event_line;
pub use group_dialog::{GroupDialog, GroupDialogAction};
pub use group_panel::{GroupPanel, GroupPanelAction};
pub use icon::Icon;
pub use language_switch::language_switch;
pub use logo::logo;
pub use modal::use_modal;
pub use notice_bar::notice_bar;
pub use notify_bar::notify_bar;
pub use panel::Panel;
pub use settings::Settings;
pub use sidebar::{Sidebar, SidebarAction};
pub use sidebar_head::SidebarHead;
pub use sidebar_list::{ContactList, ConversationList};
pub use skeleton::Skeleton;
pub use thread::{Thread, ThreadAction};
pub use thread_head::ThreadHead;
