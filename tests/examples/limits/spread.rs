//! Many measurements in a few numbers.

use std::time::Duration;

use serde_json::{Value, json};

/// Median, 90th and 99th of a hundred and the worst, in milliseconds.
pub fn spread(mut all: Vec<Duration>) -> Value {
    all.sort();
    let at = |percent: usize| {
        let last = all.len().saturating_sub(1);
        let place = (all.len() * percent)
            .div_ceil(100)
            .saturating_sub(1)
            .min(last);
        all.get(place).map(|took| took.as_secs_f64() * 1000.0)
    };
    json!({"count": all.len(), "p50": at(50), "p90": at(90), "p99": at(99), "most": at(100)})
}
