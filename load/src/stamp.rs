//! The stamp in the content of a message.

use std::fmt::Write as _;
use std::time::Duration;

/// The sender of a message, its number, and when it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The id of the run, to recognize messages of earlier runs.
    pub run: u32,
    /// The sender's number in the run.
    pub sender: u32,
    /// The sender's message counter: 0, 1, 2…
    pub counter: u64,
    /// When it was due, since the start of the run.
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
        let mut fields = content.strip_prefix("load ")?.splitn(5, ' ');
        Some(Self {
            run: fields.next()?.parse().ok()?,
            sender: fields.next()?.parse().ok()?,
            counter: fields.next()?.parse().ok()?,
            intended: Duration::from_nanos(fields.next()?.parse().ok()?),
        })
    }

    /// Appends the `clientMsgId` of this stamp to `out`. As in the page, ids of all senders are
    /// ordered by time (RFC 9562 §5.7), which is fastest for a database index.
    pub fn write_id(&self, out: &mut String) {
        let (run, ms) = (self.run, self.intended.as_millis());
        let _ = write!(out, "load-{run}-{ms:08x}-{}-{}", self.sender, self.counter);
    }
}

/// The counter in a `clientMsgId` of this run and sender.
pub fn counter_of(id: &str, run: u32, sender: u32) -> Option<u64> {
    let mut fields = id.strip_prefix("load-")?.splitn(4, '-');
    let of_run = fields.next()?.parse() == Ok(run);
    let (_ms, of_sender) = (fields.next()?, fields.next()?.parse() == Ok(sender));
    let counter = fields.next()?.parse().ok()?;
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
    fn a_stamp_round_trips_and_is_padded_to_size() {
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
