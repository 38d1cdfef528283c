//! The state of the connection panel: the last snapshot, and whether the report was copied. Pure.

use crate::i18n::PanelTexts;
use std::rc::Rc;
use tidings_client_state::Snapshot;
use yew::Reducible;

/// An event of the panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PanelEvent {
    /// It took a snapshot of the connection.
    Looked(Rc<Snapshot>),
    /// The browser copied the report, or refused to.
    Copied(bool),
}

/// The state of the panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PanelState {
    snapshot: Rc<Snapshot>,
    /// How the last attempt to copy the report ended; `None`: there was none.
    copied: Option<bool>,
}

impl PanelState {
    /// The state of a panel that opens, with its first snapshot.
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot: Rc::new(snapshot),
            copied: None,
        }
    }

    /// The last snapshot.
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The text about the last attempt to copy the report.
    pub(super) const fn copy_status(&self, texts: &PanelTexts) -> &'static str {
        match self.copied {
            None => "",
            Some(true) => texts.copied,
            Some(false) => texts.copy_failed,
        }
    }
}

impl Reducible for PanelState {
    type Action = PanelEvent;

    fn reduce(self: Rc<Self>, event: PanelEvent) -> Rc<Self> {
        let mut next = Rc::unwrap_or_clone(self);
        match event {
            PanelEvent::Looked(snapshot) => next.snapshot = snapshot,
            PanelEvent::Copied(copied) => next.copied = Some(copied),
        }
        Rc::new(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use std::time::Duration;
    use tidings_client_state::Diagnosis;
    use tidings_shared::Moment;

    fn snapshot(connects: u64) -> Snapshot {
        let now = Moment::after_origin(Duration::ZERO);
        Snapshot {
            now,
            wall_ms: 0,
            diagnosis: Diagnosis::new(now),
            network: true,
            round_trip: None,
            answer_by: None,
            due: None,
            connects,
        }
    }

    /// The state after these events.
    fn after<const N: usize>(events: [PanelEvent; N]) -> Rc<PanelState> {
        let start = Rc::new(PanelState::new(snapshot(1)));
        events.into_iter().fold(start, Reducible::reduce)
    }

    fn looked(connects: u64) -> PanelEvent {
        PanelEvent::Looked(Rc::new(snapshot(connects)))
    }

    fn status(state: &PanelState) -> &'static str {
        state.copy_status(&Lang::En.texts().panel)
    }

    #[test]
    fn panel_shows_the_latest_snapshot() {
        assert_eq!(after([]).snapshot().connects, 1);
        assert_eq!(after([looked(2), looked(3)]).snapshot().connects, 3);
    }

    #[test]
    fn copy_status_is_of_the_last_attempt() {
        assert_eq!(status(&after([])), "");
        let refused = after([PanelEvent::Copied(false)]);
        assert_eq!(status(&refused), "The browser does not allow copying.");
        let copied = after([PanelEvent::Copied(false), PanelEvent::Copied(true)]);
        assert_eq!(status(&copied), "Copied, without any message text.");
    }

    #[test]
    fn copy_status_survives_new_snapshots() {
        let state = after([PanelEvent::Copied(true), looked(2)]);
        assert_eq!(status(&state), "Copied, without any message text.");
    }
}
