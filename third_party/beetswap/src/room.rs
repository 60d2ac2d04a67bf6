// dhc: added.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// Memory for messages that are being received: of one connection, within that of several.
#[derive(Debug)]
pub(crate) struct Room {
    taken: AtomicUsize,
    most: usize,
    within: Option<Arc<Room>>,
}

impl Room {
    pub(crate) fn new(most: usize, within: Option<Arc<Room>>) -> Self {
        Room {
            taken: AtomicUsize::new(0),
            most,
            within,
        }
    }

    pub(crate) fn take(&self, bytes: usize) -> bool {
        let before = self.taken.fetch_add(bytes, Ordering::AcqRel);
        let there = before + bytes <= self.most
            && self.within.as_ref().is_none_or(|outer| outer.take(bytes));
        if !there {
            self.taken.fetch_sub(bytes, Ordering::AcqRel);
        }
        there
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::AcqRel);
        if let Some(outer) = &self.within {
            outer.give_back(bytes);
        }
    }
}
