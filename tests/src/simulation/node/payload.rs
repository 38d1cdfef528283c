//! A message in a session. Those held for pushes are counted, to check the bound on memory.

use crate::simulation::store::Record;
use std::cell::Cell;
use std::rc::Rc;
use tidings_shared::session::Payload;

/// A message held by a session.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) record: Rc<Record>,
    alive: Option<Rc<Cell<usize>>>,
}

impl Held {
    /// A message to be pushed.
    pub(super) fn counted(record: Rc<Record>, alive: &Rc<Cell<usize>>) -> Self {
        alive.set(alive.get() + 1);
        let alive = Some(Rc::clone(alive));
        Self { record, alive }
    }

    /// A message of an answer.
    pub(super) const fn new(record: Rc<Record>) -> Self {
        let alive = None;
        Self { record, alive }
    }
}

impl Payload for Held {
    fn bytes(&self) -> usize {
        self.record.bytes
    }
}

impl Clone for Held {
    fn clone(&self) -> Self {
        let record = Rc::clone(&self.record);
        match &self.alive {
            Some(alive) => Self::counted(record, alive),
            None => Self::new(record),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(alive) = &self.alive {
            alive.set(alive.get() - 1);
        }
    }
}
