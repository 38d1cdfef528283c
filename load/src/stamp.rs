//! What the content of a message tells of itself.

use std::fmt::Write as _;
use std::time::Duration;

/// Who sent a message, which of theirs it is, and when it was meant to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The run it belongs to, so that what an earlier run left behind is told apart.
    pub run: u32,
    /// The sender's number in the run.
    pub sender: u32,
    /// The sender's count: 0, 1, 2…
    pub counter: u64,
    /// When it was due, since the beginning of the run.
    pub intended: Duration,
}

impl Stamp {
    /// Appends the content of a message to `out`: the stamp, and padding up to `size` bytes.
    pub fn write(&self, size: usize, out: &mut String) {
        let begin = out.len();
        let Self {
            run,
            sender,
            counter,
            intended,
        } = self;
        let ns = intended.as_nanos();
        // Writing to a string cannot fail.
        let _ = write!(out, "load {run} {sender} {counter} {ns} ");
        while out.len() - begin < size {
            out.push('x');
        }
    }

    /// Reads what [`Self::write`] wrote; `None` for any other content.
    pub fn parse(content: &str) -> Option<Self> {
        let mut words = content.strip_prefix("load ")?.splitn(5, ' ');
        Some(Self {
            run: words.next()?.parse().ok()?,
            sender: words.next()?.parse().ok()?,
            counter: words.next()?.parse().ok()?,
            intended: Duration::from_nanos(words.next()?.parse().ok()?),
        })
    }

    /// Appends the `clientMsgId` that goes with it. Like those of the page, ids of all senders are in
    /// the order of time (RFC 9562 §5.7), which is what a database's index of them is quickest with.
    pub fn write_id(&self, out: &mut String) {
        let (run, ms) = (self.run, self.intended.as_millis());
        let _ = write!(out, "load-{run}-{ms:08x}-{}-{}", self.sender, self.counter);
    }
}

/// The counter in a `clientMsgId` of this run and sender.
pub fn counter_of(id: &str, run: u32, sender: u32) -> Option<u64> {
    let mut words = id.strip_prefix("load-")?.splitn(4, '-');
    let of_run = words.next()?.parse() == Ok(run);
    let (_ms, of_sender) = (words.next()?, words.next()?.parse() == Ok(sender));
    let counter = words.next()?.parse().ok()?;
    (of_run && of_sender).then_some(counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        run: 7,
        sender: 3,
        counter: 42,
        intended: Duration::from_nanos(1_234_567_890),
    };

    #[test]
    fn a_stamp_is_read_back_and_padded_to_the_size_wanted() {
        for size in [0, 64, 8192] {
            let mut content = String::new();
            STAMP.write(size, &mut content);
            assert_eq!(Stamp::parse(&content), Some(STAMP));
            assert!(content.len() >= size);
        }
        for other in ["", "load", "load 1 2 3", "hello", "load 1 2 x 4 "] {
            assert_eq!(Stamp::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn an_id_belongs_to_one_run_and_one_sender() {
        let mut id = String::new();
        STAMP.write_id(&mut id);
        assert_eq!(counter_of(&id, 7, 3), Some(42));
        assert_eq!(counter_of(&id, 8, 3), None);
        assert_eq!(counter_of(&id, 7, 4), None);
        assert_eq!(counter_of("a-uuid", 7, 3), None);
    }
}
