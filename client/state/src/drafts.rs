//! The drafts of all conversations, bounded because the browser stores them.

use std::rc::Rc;
use tidings_shared::Peer;
use tidings_shared::limits::CONTENT_BYTES;
use tidings_shared::visible::is_blank;

/// The field holds so many UTF-16 code units, by which browsers count: twice what can be sent, so
/// that the rest can be cut off or sent apart. With a megabyte each key takes a browser seconds.
pub const FIELD_UNITS: usize = 2 * CONTENT_BYTES;

/// A draft is cut to so many bytes: all that the field holds, since a unit is at most three bytes
/// in UTF-8.
const DRAFT_BYTES: usize = 3 * FIELD_UNITS;

/// So many conversations have a draft; the oldest is evicted.
const MAX_DRAFTS: usize = 64;

/// The drafts, the last changed one at the end.
#[derive(Debug, Default)]
pub(super) struct Drafts(Vec<(Peer, Rc<str>)>);

impl Drafts {
    pub(super) fn all(&self) -> &[(Peer, Rc<str>)] {
        &self.0
    }

    pub(super) fn to(&self, peer: Peer) -> Rc<str> {
        let found = self.0.iter().find(|(to, _)| *to == peer);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// Returns the drafts to store; an empty text is to be removed.
    pub(super) fn set(&mut self, peer: Peer, text: &str) -> Vec<(Peer, Rc<str>)> {
        let text: Rc<str> = if is_blank(text) {
            "".into()
        } else {
            text[..text.floor_char_boundary(DRAFT_BYTES)].into()
        };
        if text == self.to(peer) {
            return Vec::new();
        }
        self.0.retain(|(to, _)| *to != peer);
        let mut changed = vec![(peer, text.clone())];
        if !text.is_empty() {
            self.0.push((peer, text));
        }
        if self.0.len() > MAX_DRAFTS {
            let (oldest, _) = self.0.remove(0);
            changed.push((oldest, "".into()));
        }
        changed
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl FromIterator<(Peer, Rc<str>)> for Drafts {
    fn from_iter<I: IntoIterator<Item = (Peer, Rc<str>)>>(drafts: I) -> Self {
        let mut all = Self::default();
        for (peer, text) in drafts {
            all.set(peer, &text);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::UserId;

    const fn peer(uid: i64) -> Peer {
        Peer::User(UserId(uid))
    }

    #[test]
    fn draft_changes_only_within_its_stored_length() {
        let mut drafts = Drafts::default();
        let long = "字".repeat(DRAFT_BYTES);
        let changed = drafts.set(peer(1), &long);
        assert_eq!(changed[0].1.len(), DRAFT_BYTES / 3 * 3);
        assert_eq!(drafts.set(peer(1), &format!("{long}x")), []);
        assert_eq!(drafts.set(peer(1), "\u{200b}"), [(peer(1), "".into())]);
        assert_eq!(drafts.all(), []);
    }

    #[test]
    fn oldest_draft_is_evicted() {
        let most = i64::try_from(MAX_DRAFTS).expect("few");
        let mut drafts: Drafts = (0..most).map(|uid| (peer(uid), "x".into())).collect();
        let changed = drafts.set(peer(most), "y");
        assert_eq!(changed, [(peer(most), "y".into()), (peer(0), "".into())]);
        assert_eq!(drafts.all().len(), MAX_DRAFTS);
    }
}
