//! Lies about what is in a block, and what came of it.

use serde_json::{Value, json};

use crate::{
    headers::refused,
    lie::{Ask, Told, UNAVAILABLE, UNTRUSTED, comet, tell_all},
    proxy::{Call, Lie, of},
    world::World,
};

fn txs(answer: &mut Value) -> &mut Vec<Value> {
    let list = &mut answer["result"]["block"]["data"]["txs"];
    list.as_array_mut().expect("transactions")
}

fn results(answer: &mut Value) -> &mut Vec<Value> {
    let list = &mut answer["result"]["txs_results"];
    list.as_array_mut().expect("results")
}

fn another(call: &Call, method: &str) -> Option<Call> {
    let height = call.height().filter(|_| call.is(method))?;
    Some(call.at(height + 1))
}

fn of_blocks() -> Vec<Told> {
    let lies: [(&'static str, Lie); 8] = [
        (
            "a transaction left out",
            of!("block", |a| drop(txs(a).pop())),
        ),
        ("transactions exchanged", of!("block", |a| txs(a).reverse())),
        (
            "an altered transaction",
            of!("block", |a| txs(a)[0] = json!("AAAA")),
        ),
        (
            "no transactions",
            of!("block", |a| {
                a["result"]["block"]["data"]["txs"] = Value::Null;
            }),
        ),
        (
            "a transaction too many",
            of!("block", |a| {
                let first = txs(a)[0].clone();
                txs(a).push(first);
            }),
        ),
        (
            "transactions that are not base64",
            of!("block", |a| txs(a)[0] = json!("?")),
        ),
        (
            "a million transactions of nothing",
            of!("block", |a| {
                txs(a).resize(1_000_000, json!(""));
            }),
        ),
        (
            "another block",
            Lie::Mixed(|call, _| another(call, "block"), |a, b| *a = b),
        ),
    ];
    lies.map(|(what, lie)| comet(what, Ask::Block, UNTRUSTED, lie))
        .into()
}

fn of_results() -> Vec<Told> {
    let lies: [(&'static str, Lie); 10] = [
        (
            "failure for success",
            of!("block_results", |a| results(a)[0]["code"] = json!(5)),
        ),
        (
            "another transaction's result",
            of!("block_results", |a| {
                let last = results(a).last().expect("several")["data"].clone();
                results(a)[0]["data"] = last;
            }),
        ),
        (
            "results exchanged",
            of!("block_results", |a| results(a).reverse()),
        ),
        (
            "less gas",
            of!("block_results", |a| results(a)[0]["gas_used"] = json!("1")),
        ),
        (
            "more gas wanted",
            of!("block_results", |a| results(a)[0]["gas_wanted"] =
                json!("9")),
        ),
        (
            "no results",
            of!("block_results", |a| a["result"]["txs_results"] =
                Value::Null),
        ),
        (
            "a result too few",
            of!("block_results", |a| drop(results(a).pop())),
        ),
        (
            "a result too many",
            of!("block_results", |a| {
                let first = results(a)[0].clone();
                results(a).push(first);
            }),
        ),
        (
            "a million empty results",
            of!("block_results", |a| {
                results(a).resize(1_000_000, json!({}));
            }),
        ),
        (
            "another block's results",
            Lie::Mixed(|call, _| another(call, "block_results"), |a, b| *a = b),
        ),
    ];
    lies.map(|(what, lie)| comet(what, Ask::Block, UNTRUSTED, lie))
        .into()
}

pub fn all() -> Vec<Told> {
    let mut lies = [of_blocks(), of_results()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    let withheld = of!("block", |a| refused(a, "block is not available"));
    lies.push(comet("a block withheld", Ask::Block, UNAVAILABLE, withheld));
    let withheld = of!("block_results", |a| refused(a, "results are not available"));
    lies.push(comet("results withheld", Ask::Block, UNAVAILABLE, withheld));
    lies
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forged_result_is_believed() {
    tell_all(&World::start().await, all()).await;
}
