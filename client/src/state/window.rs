//! Which part of a long conversation is in the page: at most [`Window::SPAN`] messages.

use super::fold::lines_shown;
use super::rows::LEFT_ROWS;
use tidings_shared::Seq;
use tidings_shared::timeline::Timeline;

/// So many more messages at a time as the person scrolls, at most and at least.
const STEP: i64 = 50;
const FEWEST: i64 = 10;
/// Messages fetched and rendered above the first unread one.
pub(super) const ABOVE: i64 = 10;

/// The rendered part of a timeline, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    low: Seq,
    /// `None`: it follows the end.
    high: Option<Seq>,
    /// What is rendered when a conversation opens fills so many CSS pixels: each row costs time
    /// before any is seen.
    room: usize,
}

impl Window {
    /// The most messages rendered at once; separators, pending messages and these together stay
    /// below [`MOST_ROWS`](super::rows::MOST_ROWS).
    pub const SPAN: i64 = 260;

    /// The room for a conversation, in CSS pixels, where it is not known.
    pub const ROOM: usize = 1000;

    /// The end of a timeline, from a little before `from` on if that is not too far away.
    pub fn latest(timeline: &Timeline, from: Option<Seq>, room: usize) -> Self {
        let last = timeline.last().0;
        let usual = last - screen(timeline, room) + 1;
        let low = match from.map(|from| from.max(timeline.first())) {
            Some(from) if last - from.0 < Self::SPAN - ABOVE => usual.min(from.0 - ABOVE),
            _ => usual,
        };
        Self {
            low: Seq(low.max(0)),
            high: None,
            room,
        }
    }

    /// Begins anew, as [`Window::latest`].
    pub fn begin(&mut self, timeline: &Timeline, from: Option<Seq>) {
        *self = Self::latest(timeline, from, self.room);
    }

    /// Of a conversation that is left: from where on it stays in the page, if it does.
    pub fn left(&self, timeline: &Timeline) -> Option<Seq> {
        let (low, high) = self.range(timeline);
        let most = i64::try_from(LEFT_ROWS).unwrap_or(i64::MAX);
        let lowest = high.0 - most + 1;
        self.follows_end().then_some(Seq(low.0.max(lowest)))
    }

    /// Renders what is still in the page, too, unless much has come since.
    pub fn take_up(&mut self, timeline: &Timeline, from: Seq) {
        if timeline.last().0 - from.0 < Self::SPAN - STEP {
            self.low = Seq(self.low.0.min(from.0));
        }
    }

    /// Whether the end is rendered.
    pub const fn follows_end(&self) -> bool {
        self.high.is_none()
    }

    /// The first and last place rendered, of a timeline that is not empty.
    pub fn range(&self, timeline: &Timeline) -> (Seq, Seq) {
        let last = timeline.last();
        let high = self.high.map_or(last, |high| high.min(last));
        (self.low.clamp(timeline.first(), high), high)
    }

    /// Renders more above, at most as many as there are: what is in sight comes first. Returns false
    /// when all there is above is rendered, so that it has to be fetched first.
    pub fn grow_up(&mut self, timeline: &Timeline) -> bool {
        let (low, high) = self.range(timeline);
        if low <= timeline.first() {
            return false;
        }
        let more = (high.0 - low.0 + 1).clamp(FEWEST, STEP);
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
        let wanted = Seq(high.0 + STEP);
        self.high = (wanted < timeline.last()).then_some(wanted);
        self.low = Seq(low.0.max(wanted.min(timeline.last()).0 - Self::SPAN + 1));
    }

    /// The timeline changed: stays within bounds. What leaves the page is what the person is not
    /// looking at: the oldest when they are at the end, the newest otherwise.
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

/// How many messages at the end fill the room, by an estimate: where some is left, more are rendered
/// at once.
fn screen(timeline: &Timeline, room: usize) -> i64 {
    let mut height = 0;
    let mut count = 0;
    for message in timeline.messages().rev() {
        if height >= room {
            break;
        }
        height += height_of(&message.content);
        count += 1;
    }
    count
}

/// A row's padding and its lines.
fn height_of(text: &str) -> usize {
    17 + 21 * lines_shown(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::chat::samples::{on_page, timeline};

    fn bounds(window: Window, timeline: &Timeline) -> (i64, i64) {
        let (low, high) = window.range(timeline);
        (low.0, high.0)
    }

    #[test]
    fn a_long_conversation_opens_at_its_end() {
        let timeline = timeline(1..=1000);
        let window = Window::latest(&timeline, None, Window::ROOM);
        assert_eq!(bounds(window, &timeline), (974, 1000));
        assert!(window.follows_end());
    }

    #[test]
    fn the_more_is_written_the_fewer_messages_fill_the_first_screen() {
        let mut timeline = timeline(1..=100);
        let mut long = on_page(101);
        long.content = "many words ".repeat(1000);
        timeline.merge_page(vec![long]);
        let window = Window::latest(&timeline, None, Window::ROOM);
        assert_eq!(bounds(window, &timeline), (86, 101));
    }

    #[test]
    fn what_is_rendered_above_at_most_doubles_what_there_is() {
        let timeline = timeline(1..=1000);
        let mut window = Window::latest(&timeline, None, Window::ROOM);
        let lows = [0; 3].map(|_| {
            window.grow_up(&timeline);
            bounds(window, &timeline).0
        });
        assert_eq!(lows, [947, 897, 847]);
    }

    #[test]
    fn it_opens_from_the_first_unread_message_on_unless_that_is_far() {
        let timeline = timeline(1..=1000);
        let near = Window::latest(&timeline, Some(Seq(901)), Window::ROOM);
        assert_eq!(bounds(near, &timeline), (891, 1000));
        let far = Window::latest(&timeline, Some(Seq(2)), Window::ROOM);
        assert_eq!(bounds(far, &timeline), (974, 1000));
    }

    #[test]
    fn a_conversation_that_is_still_in_the_page_opens_with_what_is_there_of_it() {
        let long = timeline(1..=1000);
        let mut window = Window::latest(&long, None, Window::ROOM);
        let at_first = window.left(&long);
        assert_eq!(at_first, Some(Seq(974)));
        window.grow_up(&long);
        let grown = window.left(&long);
        assert_eq!(grown, Some(Seq(951)));

        let since = timeline(1..=1100);
        let mut again = Window::latest(&since, None, Window::ROOM);
        again.take_up(&since, Seq(951));
        assert_eq!(bounds(again, &since), (951, 1100));
        let much = timeline(1..=1500);
        let mut again = Window::latest(&much, None, Window::ROOM);
        again.take_up(&much, Seq(951));
        assert_eq!(bounds(again, &much), (1474, 1500));
    }

    #[test]
    fn a_conversation_left_far_from_its_end_does_not_stay_in_the_page() {
        let long = timeline(1..=1000);
        let mut window = Window::latest(&long, None, Window::ROOM);
        while window.follows_end() {
            window.grow_up(&long);
        }
        assert_eq!(window.left(&long), None);
    }

    #[test]
    fn scrolling_to_the_top_and_back_shows_everything_within_the_bound() {
        let timeline = timeline(1..=1000);
        let mut window = Window::latest(&timeline, None, Window::ROOM);
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
    fn what_arrives_pushes_out_what_the_person_does_not_look_at() {
        let long = timeline(1..=500);
        let mut at_end = Window {
            low: Seq(1),
            high: None,
            room: Window::ROOM,
        };
        at_end.settle(&long, true);
        assert_eq!(bounds(at_end, &long), (241, 500));
        let mut far_up = Window {
            low: Seq(1),
            high: None,
            room: Window::ROOM,
        };
        far_up.settle(&long, false);
        assert_eq!(bounds(far_up, &long), (1, 260));
    }

    #[test]
    fn a_timeline_replaced_by_a_later_part_is_shown_from_its_end() {
        let mut window = Window {
            low: Seq(1),
            high: Some(Seq(100)),
            room: Window::ROOM,
        };
        let later = timeline(951..=1000);
        window.settle(&later, false);
        assert_eq!(bounds(window, &later), (974, 1000));
    }
}
