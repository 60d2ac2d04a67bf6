//! What the flows of several test programs share.

pub mod kubo;
pub mod real;

use std::{
    thread,
    time::{Duration, Instant},
};

/// Asks until the answer is there, and fails when it does not come within `patience`.
pub fn until<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < patience, "{what} does not come");
        // Leaves the processor to those who are waited for.
        thread::park_timeout(Duration::from_millis(20));
    }
}
