//! Lies of the Ethereum JSON-RPC, whose words are hints only.

use serde_json::{Value, json};

use crate::{
    lie::{Ask, Ends, Told, UNTRUSTED, tell_all},
    proxy::{Lie, of},
    wire::{Wire, ok},
    world::{Side, World},
};

/// Says no more than that the transaction is not known to be done.
const PENDING: Ends = Ends::Code("tx_pending");
const REFUSED: Ends = Ends::Code("tx_reverted");

fn evm(what: &'static str, ask: Ask, ends: Ends, lie: Lie) -> Told {
    Told {
        what,
        ask,
        side: Side::Evm,
        lie,
        ends,
    }
}

fn error(answer: &mut Value, message: &str, data: Value) {
    *answer = json!({"jsonrpc": "2.0", "id": answer["id"],
        "error": {"code": 3, "message": message, "data": data}});
}

fn logs(answer: &mut Value) -> &mut Vec<Value> {
    answer["result"].as_array_mut().expect("logs")
}

fn of_receipts() -> Vec<Told> {
    vec![
        evm(
            "a receipt hidden",
            Ask::Receipt,
            Ends::Truth,
            of!("eth_getTransactionReceipt", |a| {
                a["result"] = Value::Null;
            }),
        ),
        evm(
            "a receipt of another block",
            Ask::Receipt,
            Ends::Truth,
            of!("eth_getTransactionReceipt", |a| {
                a["result"]["blockNumber"] = json!("0x3");
            }),
        ),
        evm(
            "a receipt of a block to come",
            Ask::Receipt,
            Ends::Truth,
            of!("eth_getTransactionReceipt", |a| {
                a["result"]["blockNumber"] = json!("0xffffffffffffffff");
            }),
        ),
        evm(
            "a receipt of block −1",
            Ask::Receipt,
            Ends::Truth,
            of!("eth_getTransactionReceipt", |a| {
                a["result"]["blockNumber"] = json!("-0x1");
            }),
        ),
        evm(
            "a receipt that says failed",
            Ask::Receipt,
            Ends::Truth,
            of!("eth_getTransactionReceipt", |a| {
                a["result"]["status"] = json!("0x0");
            }),
        ),
        evm(
            "a receipt for what was never sent",
            Ask::Unsent,
            Ends::Truth,
            of!("eth_getTransactionReceipt", |a| {
                a["result"] = json!({"blockNumber": "0x9", "status": "0x1"});
            }),
        ),
        evm(
            "what was never sent is known",
            Ask::Unsent,
            Ends::Truth,
            of!("eth_getTransactionByHash", |a| {
                a["result"] = json!({"nonce": "0x0", "blockNumber": "0x9"});
            }),
        ),
    ]
}

fn of_fees() -> Vec<Told> {
    vec![
        evm(
            "an absurd gas price",
            Ask::Prepare,
            UNTRUSTED,
            of!("eth_gasPrice", |a| {
                a["result"] = json!("0xffffffffffffffffffffffff");
            }),
        ),
        evm(
            "an absurd tip",
            Ask::Prepare,
            UNTRUSTED,
            of!("eth_maxPriorityFeePerGas", |a| {
                a["result"] = json!("0xffffffffffffffffffffffff");
            }),
        ),
        evm(
            "an absurd amount of gas",
            Ask::Prepare,
            UNTRUSTED,
            of!("eth_estimateGas", |a| {
                a["result"] = json!("0xffffffffffffffff");
            }),
        ),
        evm(
            "a price that is no number",
            Ask::Prepare,
            UNTRUSTED,
            of!("eth_gasPrice", |a| {
                a["result"] = json!("cheap");
            }),
        ),
        evm(
            "a negative price",
            Ask::Prepare,
            UNTRUSTED,
            of!("eth_gasPrice", |a| {
                a["result"] = json!("-0x5");
            }),
        ),
        evm(
            "a price of a list",
            Ask::Prepare,
            UNTRUSTED,
            of!("eth_gasPrice", |a| {
                a["result"] = json!(vec![0; 10_000]);
            }),
        ),
        evm(
            "no gas at all",
            Ask::Send,
            REFUSED,
            of!("eth_estimateGas", |a| {
                a["result"] = json!("0x0");
            }),
        ),
        evm(
            "a refusal by a contract",
            Ask::Prepare,
            REFUSED,
            of!("eth_estimateGas", |a| {
                error(a, "execution reverted", json!("0x08c379a0"));
            }),
        ),
        evm(
            "another nonce",
            Ask::Prepare,
            Ends::Truth,
            Lie::Answer(|call, a| {
                // Not even asked for: the nonce is proven. The lie is in all that is asked.
                a["nonce"] = json!("0x63");
                call.method.starts_with("eth_")
            }),
        ),
    ]
}

fn of_sending() -> Vec<Told> {
    vec![
        evm(
            "taken, and thrown away",
            Ask::Send,
            PENDING,
            Lie::Wire(Wire::OnceTo("eth_sendRawTransaction", |call| {
                let hash = "ab".repeat(32);
                ok(format!(
                    "{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":\"0x{hash}\"}}",
                    call.id
                ))
            })),
        ),
        evm(
            "another hash for the transaction",
            Ask::Send,
            Ends::Truth,
            of!("eth_sendRawTransaction", |a| {
                a["result"] = json!(format!("0x{}", "ab".repeat(32)));
            }),
        ),
        evm(
            "a hash that is none",
            Ask::Send,
            UNTRUSTED,
            of!("eth_sendRawTransaction", |a| {
                a["result"] = json!("done");
            }),
        ),
        evm(
            "a nonce that is said to be used",
            Ask::Send,
            Ends::Truth,
            of!("eth_sendRawTransaction", |a| {
                error(a, "nonce too low", Value::Null);
            }),
        ),
        evm(
            "taken, and said to be known already",
            Ask::Send,
            Ends::Truth,
            of!("eth_sendRawTransaction", |a| {
                error(a, "already known", Value::Null);
            }),
        ),
        evm(
            "an account that is said to be empty",
            Ask::Send,
            Ends::Code("insufficient_funds"),
            of!("eth_sendRawTransaction", |a| {
                error(a, "insufficient funds for gas * price + value", Value::Null);
            }),
        ),
        evm(
            "a refusal with a megabyte of reasons",
            Ask::Send,
            UNTRUSTED,
            of!("eth_sendRawTransaction", |a| {
                error(a, &"no ".repeat(400_000), Value::Null);
            }),
        ),
    ]
}

fn of_logs() -> Vec<Told> {
    let told = |(what, ends, lie)| evm(what, Ask::History, ends, lie);
    let lies: [(&'static str, Ends, Lie); 10] = [
        (
            "an entry left out",
            Ends::Says("incomplete: 2 of 3"),
            of!("eth_getLogs", |a| {
                logs(a).pop();
            }),
        ),
        (
            "no entries",
            Ends::Says("incomplete: 0 of 3"),
            of!("eth_getLogs", |a| logs(a).clear()),
        ),
        (
            "an altered entry",
            Ends::Says("forged"),
            of!("eth_getLogs", |a| {
                let data = logs(a)[0]["data"]
                    .as_str()
                    .expect("data")
                    .replace("41", "42");
                logs(a)[0]["data"] = json!(data);
            }),
        ),
        (
            "an entry twice",
            Ends::Truth,
            of!("eth_getLogs", |a| {
                let first = logs(a)[0].clone();
                logs(a).push(first);
            }),
        ),
        (
            "entries in another order",
            Ends::Truth,
            of!("eth_getLogs", |a| logs(a).reverse()),
        ),
        (
            "entries of another contract",
            Ends::Says("incomplete: 0 of 3"),
            of!("eth_getLogs", |a| {
                let other = json!(format!("0x{}", "11".repeat(20)));
                logs(a)
                    .iter_mut()
                    .for_each(|log| log["address"] = other.clone());
            }),
        ),
        (
            "logs that are none",
            UNTRUSTED,
            of!("eth_getLogs", |a| logs(a)[0] = json!({"log": 1})),
        ),
        (
            "logs with a hundred topics",
            UNTRUSTED,
            of!("eth_getLogs", |a| {
                let topic = logs(a)[0]["topics"][0].clone();
                logs(a)[0]["topics"] = json!(vec![topic; 100]);
            }),
        ),
        (
            "a hundred thousand logs",
            UNTRUSTED,
            of!("eth_getLogs", |a| {
                let address = logs(a)[0]["address"].clone();
                logs(a).resize(
                    100_000,
                    json!({"address": address, "topics": [], "data": "0x"}),
                );
            }),
        ),
        (
            "logs for an object",
            UNTRUSTED,
            of!("eth_getLogs", |a| a["result"] = json!({})),
        ),
    ];
    lies.map(told).into()
}

pub fn all() -> Vec<Told> {
    let lies = [of_receipts(), of_fees(), of_sending(), of_logs()];
    lies.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hint_is_taken_for_truth() {
    tell_all(&World::start().await, all()).await;
}
