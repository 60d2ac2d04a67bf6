//! From height 1 to 100,000: the wallet's light client and the `tendermint-light-client` crate,
//! in turns, over the same answers of the same chain. One JSON document for `cargo xtask bench`.

mod chain;
mod ours;
mod theirs;

use std::{sync::Arc, time::Duration};

use chain::{Plan, Synthetic};
use serde_json::json;

const PERIOD: Duration = Duration::from_secs(14 * 86_400);
const REPEAT: usize = 5;

/// One way from the checkpoint to the head.
#[derive(Clone, Copy)]
struct Walk {
    took: Duration,
    /// Headers fetched, with their commits.
    headers: usize,
}

fn main() {
    let plans = [(4, 1), (4, 4), (100, 10), (100, 33), (100, 34)];
    let rows: Vec<_> = plans
        .into_iter()
        .map(|(validators, replaced)| {
            let plan = Plan {
                validators,
                replaced,
            };
            let (ours, theirs) = compare(plan);
            json!({
                "validators": validators,
                "replaced": replaced,
                "ours": {"s": ours.took.as_secs_f64(), "headers": ours.headers},
                "theirs": {"s": theirs.took.as_secs_f64(), "headers": theirs.headers},
            })
        })
        .collect();
    println!("{}", json!({ "walks": rows }));
}

/// The medians of both. The first walk of each makes the headers and is not counted.
fn compare(plan: Plan) -> (Walk, Walk) {
    let chain = Arc::new(Synthetic::new(plan));
    ours::walk(&chain, PERIOD);
    theirs::walk(&chain, PERIOD);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..REPEAT {
        ours.push(ours::walk(&chain, PERIOD));
        theirs.push(theirs::walk(&chain, PERIOD));
    }
    (median(ours), median(theirs))
}

fn median(mut walks: Vec<Walk>) -> Walk {
    walks.sort_by_key(|walk| walk.took);
    walks[walks.len() / 2]
}
