//! The icons, drawn for this page on a grid of 24, in the colour of the text around them.

use yew::prelude::*;

/// An icon. Decoration: its meaning is always in a text beside it or in a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// Back to the list.
    Back,
    /// A conversation.
    Chat,
    /// Sent.
    Check,
    /// Delivered, and read.
    Checks,
    /// On its way.
    Clock,
    /// Dismiss.
    Close,
    /// Copy.
    Copy,
    /// To the end.
    Down,
    /// Emoji.
    Face,
    /// Log out.
    Leave,
    /// A new group, or new members.
    NewGroup,
    /// Offline.
    Offline,
    /// Everyone.
    People,
    /// Search.
    Search,
    /// Send.
    Send,
    /// Settings.
    Sliders,
    /// Something is wrong.
    Warning,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Back => "M15 5l-7 7 7 7",
            Self::Chat => {
                "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z"
            }
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Checks => "M1.5 12.5L6 17l9-9.5M10.5 15.5L12 17l9-9.5",
            Self::Clock => "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Copy => {
                "M10 8h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM5 15a1 1 0 0 1-1-1V6a2 2 0 0 1 2-2h8a1 1 0 0 1 1 1"
            }
            Self::Down => "M6 10l6 6 6-6",
            Self::Face => {
                "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 14a4.2 4.2 0 0 0 7 0M9 9.5h.01M15 9.5h.01"
            }
            Self::Leave => "M14 4H7a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h7M10 12h10m-4-4l4 4-4 4",
            Self::NewGroup => {
                "M9.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20a6.5 6.5 0 0 1 11-4.7M18.5 14v7M15 17.5h7M16 4.3a3.5 3.5 0 0 1 0 6.4"
            }
            Self::Offline => {
                "M4 9.5a12 12 0 0 1 4-2.6M12 6a12 12 0 0 1 8 3.5M7 13a7.5 7.5 0 0 1 3-1.9m5 .6a7.5 7.5 0 0 1 2 1.3M12 18h.01M4 4l16 16"
            }
            Self::People => {
                "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.2a6.5 6.5 0 0 1 3.5 5.8"
            }
            Self::Search => "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L21 21",
            Self::Send => "M4 12L3.5 4.5 21 12 3.5 19.5 4 12zm0 0h8",
            Self::Sliders => "M4 7h9m4 0h3M4 17h3m4 0h9M15 5v4M9 15v4",
            Self::Warning => "M12 4L2.5 20h19L12 4zm0 6v4.5M12 17.3h.01",
        }
    }

    /// The drawing.
    pub fn html(self) -> Html {
        html! {
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                <path d={self.path()} />
            </svg>
        }
    }
}
