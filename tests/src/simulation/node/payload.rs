//! The payload of a feed. Living payloads are counted, to check the bound on memory.

use crate::simulation::store::Record;
use std::cell::Cell;
use std::rc::Rc;

/// A message held by a feed.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) record: Rc<Record>,
    alive: Rc<Cell<usize>>,
}

impl Payload {
    pub(super) fn new(record: Rc<Record>, alive: &Rc<Cell<usize>>) -> Self {
        alive.set(alive.get() + 1);
        Self {
            record,
            alive: Rc::clone(alive),
        }
    }
}

impl Clone for Payload {
    fn clone(&self) -> Self {
        Self::new(Rc::clone(&self.record), &self.alive)
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.alive.set(self.alive.get() - 1);
    }
}
