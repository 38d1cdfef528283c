//! The rendered part of a long conversation: at most [`Window::SPAN`] messages.

use super::fold::lines_shown;
use super::rows::HIDDEN_ROWS;
use tidings_shared::Seq;
use tidings_shared::timeline::Timeline;

/// The most and the fewest messages added at a time as the person scrolls.
const MAX_STEP: i64 = 50;
const MIN_STEP: i64 = 10;
/// Messages fetched and rendered above the first unread one.
pub(super) const ABOVE: i64 = 10;

/// The rendered part of a timeline, by sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    low: Seq,
    /// `None`: the window follows the end.
    high: Option<Seq>,
    /// The height to fill when a conversation opens, in CSS pixels: each row costs time before any
    /// is seen.
    viewport_px: usize,
}

impl Window {
    /// The most messages rendered at once; with separators and pending messages they stay below
    /// [`MAX_ROWS`](super::rows::MAX_ROWS).
    pub const SPAN: i64 = 260;

    /// The height to fill, in CSS pixels, where it is not known.
    pub const DEFAULT_VIEWPORT_PX: usize = 1000;

    /// The end of a timeline, from a little before `from` on if that is not too far away.
    pub fn latest(timeline: &Timeline, from: Option<Seq>, viewport_px: usize) -> Self {
        let last = timeline.last().0;
        let usual = last - screen(timeline, viewport_px) + 1;
        let low = match from.map(|from| from.max(timeline.first())) {
            Some(from) if last - from.0 < Self::SPAN - ABOVE => usual.min(from.0 - ABOVE),
            _ => usual,
        };
        Self {
            low: Seq(low.max(0)),
            high: None,
            viewport_px,
        }
    }

    /// Starts over, as [`Window::latest`].
    pub fn begin(&mut self, timeline: &Timeline, from: Option<Seq>) {
        *self = Self::latest(timeline, from, self.viewport_px);
    }

    /// When the conversation is closed: the first message whose row stays in the page, if any does.
    pub fn hidden_from(&self, timeline: &Timeline) -> Option<Seq> {
        let (low, high) = self.range(timeline);
        let most = i64::try_from(HIDDEN_ROWS).unwrap_or(i64::MAX);
        let lowest = high.0 - most + 1;
        self.follows_end().then_some(Seq(low.0.max(lowest)))
    }

    /// Includes rows that are still in the page, unless much has come since.
    pub fn include_from(&mut self, timeline: &Timeline, from: Seq) {
        if timeline.last().0 - from.0 < Self::SPAN - MAX_STEP {
            self.low = Seq(self.low.0.min(from.0));
        }
    }

    /// Whether the end is rendered.
    pub const fn follows_end(&self) -> bool {
        self.high.is_none()
    }

    /// The first and last rendered sequence number, of a timeline that is not empty.
    pub fn range(&self, timeline: &Timeline) -> (Seq, Seq) {
        let last = timeline.last();
        let high = self.high.map_or(last, |high| high.min(last));
        (self.low.clamp(timeline.first(), high), high)
    }

    /// Renders more above, at most doubling the window, since rows in sight come first. Returns
    /// false when all loaded messages above are rendered, so that older ones have to be fetched
    /// first.
    pub fn grow_up(&mut self, timeline: &Timeline) -> bool {
        let (low, high) = self.range(timeline);
        if low <= timeline.first() {
            return false;
        }
        let more = (high.0 - low.0 + 1).clamp(MIN_STEP, MAX_STEP);
        self.low = Seq((low.0 - more).max(timeline.first().0));
        if high.0 - self.low.0 >= Self::SPAN {
            self.high = Some(Seq(self.low.0 + Self::SPAN - 1));
        }
        true
    }

    /// Renders more below.
    pub fn grow_down(&mut self, timeline: &Timeline) {
        let (low, high) = self.range(timeline);
        if self.high.is_none() {
            return;
        }
        let wanted = Seq(high.0 + MAX_STEP);
        self.high = (wanted < timeline.last()).then_some(wanted);
        self.low = Seq(low.0.max(wanted.min(timeline.last()).0 - Self::SPAN + 1));
    }

    /// The timeline changed: restores the bounds. Rows out of sight leave the page: the oldest when
    /// the person is at the end, the newest otherwise.
    pub fn settle(&mut self, timeline: &Timeline, at_end: bool) {
        if self.high.is_some_and(|high| high < timeline.first()) {
            self.begin(timeline, None);
        }
        let (low, high) = self.range(timeline);
        if high.0 - low.0 < Self::SPAN {
            return;
        }
        if at_end {
            self.low = Seq(high.0 - Self::SPAN + 1);
        } else {
            self.low = low;
            self.high = Some(Seq(low.0 + Self::SPAN - 1));
        }
    }
}

/// How many messages at the end fill the height, by an estimate: if some of it stays empty, more
/// are rendered at once.
fn screen(timeline: &Timeline, viewport_px: usize) -> i64 {
    let mut height = 0;
    let mut count = 0;
    for message in timeline.messages().rev() {
        if height >= viewport_px {
            break;
        }
        height += height_of(message.body.content());
        count += 1;
    }
    count
}

/// The estimated height of a row: its padding and its lines, in CSS pixels.
fn height_of(text: &str) -> usize {
    17 + 21 * lines_shown(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::samples::{on_page, timeline};
    use tidings_shared::Body;

    fn bounds(window: Window, timeline: &Timeline) -> (i64, i64) {
        let (low, high) = window.range(timeline);
        (low.0, high.0)
    }

    #[test]
    fn long_thread_opens_at_its_end() {
        let timeline = timeline(1..=1000);
        let window = Window::latest(&timeline, None, Window::DEFAULT_VIEWPORT_PX);
        assert_eq!(bounds(window, &timeline), (974, 1000));
        assert!(window.follows_end());
    }

    #[test]
    fn long_messages_fill_the_first_screen_with_fewer_rows() {
        let mut timeline = timeline(1..=100);
        let mut long = on_page(101);
        long.body = Body::Text("many words ".repeat(1000));
        timeline.handle_page(vec![long]);
        let window = Window::latest(&timeline, None, Window::DEFAULT_VIEWPORT_PX);
        assert_eq!(bounds(window, &timeline), (86, 101));
    }

    #[test]
    fn growing_up_at_most_doubles_the_window() {
        let timeline = timeline(1..=1000);
        let mut window = Window::latest(&timeline, None, Window::DEFAULT_VIEWPORT_PX);
        let lows = [0; 3].map(|_| {
            window.grow_up(&timeline);
            bounds(window, &timeline).0
        });
        assert_eq!(lows, [947, 897, 847]);
    }

    #[test]
    fn window_opens_at_the_first_unread_unless_far_away() {
        let timeline = timeline(1..=1000);
        let near = Window::latest(&timeline, Some(Seq(901)), Window::DEFAULT_VIEWPORT_PX);
        assert_eq!(bounds(near, &timeline), (891, 1000));
        let far = Window::latest(&timeline, Some(Seq(2)), Window::DEFAULT_VIEWPORT_PX);
        assert_eq!(bounds(far, &timeline), (974, 1000));
    }

    #[test]
    fn reopened_thread_includes_its_rows_still_in_the_page() {
        let long = timeline(1..=1000);
        let mut window = Window::latest(&long, None, Window::DEFAULT_VIEWPORT_PX);
        let at_first = window.hidden_from(&long);
        assert_eq!(at_first, Some(Seq(974)));
        window.grow_up(&long);
        let grown = window.hidden_from(&long);
        assert_eq!(grown, Some(Seq(951)));

        let since = timeline(1..=1100);
        let mut again = Window::latest(&since, None, Window::DEFAULT_VIEWPORT_PX);
        again.include_from(&since, Seq(951));
        assert_eq!(bounds(again, &since), (951, 1100));
        let much = timeline(1..=1500);
        let mut again = Window::latest(&much, None, Window::DEFAULT_VIEWPORT_PX);
        again.include_from(&much, Seq(951));
        assert_eq!(bounds(again, &much), (1474, 1500));
    }

    #[test]
    fn thread_left_far_from_its_end_is_not_kept_in_the_page() {
        let long = timeline(1..=1000);
        let mut window = Window::latest(&long, None, Window::DEFAULT_VIEWPORT_PX);
        while window.follows_end() {
            window.grow_up(&long);
        }
        assert_eq!(window.hidden_from(&long), None);
    }

    #[test]
    fn scrolling_up_and_down_shows_all_within_the_bound() {
        let timeline = timeline(1..=1000);
        let mut window = Window::latest(&timeline, None, Window::DEFAULT_VIEWPORT_PX);
        let mut lowest = 1001;
        loop {
            let (low, high) = bounds(window, &timeline);
            assert!(high - low < Window::SPAN);
            assert!(high + 1 >= lowest.min(1000), "nothing was skipped");
            lowest = low;
            if !window.grow_up(&timeline) {
                break;
            }
        }
        assert_eq!(lowest, 1);
        let mut highest = 0;
        while !window.follows_end() {
            let (low, high) = bounds(window, &timeline);
            assert!(high - low < Window::SPAN && low <= highest + 1);
            highest = high;
            window.grow_down(&timeline);
        }
        assert_eq!(bounds(window, &timeline).1, 1000);
    }

    #[test]
    fn new_messages_push_out_rows_out_of_sight() {
        let long = timeline(1..=500);
        let mut at_end = Window {
            low: Seq(1),
            high: None,
            viewport_px: Window::DEFAULT_VIEWPORT_PX,
        };
        at_end.settle(&long, true);
        assert_eq!(bounds(at_end, &long), (241, 500));
        let mut far_up = Window {
            low: Seq(1),
            high: None,
            viewport_px: Window::DEFAULT_VIEWPORT_PX,
        };
        far_up.settle(&long, false);
        assert_eq!(bounds(far_up, &long), (1, 260));
    }

    #[test]
    fn replaced_timeline_is_shown_from_its_end() {
        let mut window = Window {
            low: Seq(1),
            high: Some(Seq(100)),
            viewport_px: Window::DEFAULT_VIEWPORT_PX,
        };
        let later = timeline(951..=1000);
        window.settle(&later, false);
        assert_eq!(bounds(window, &later), (974, 1000));
    }
}
