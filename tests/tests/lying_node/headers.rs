//! Lies about headers and their signatures.

use serde_json::{Value, json};

use crate::{
    lie::{Ask, Told, UNAVAILABLE, UNTRUSTED, comet, tell_all},
    proxy::{Call, Lie},
    world::World,
};

/// Puts something of another answer into this one.
type Mix = fn(&mut Value, Value);

fn header(answer: &mut Value) -> &mut Value {
    &mut answer["result"]["signed_header"]["header"]
}

fn commit(answer: &mut Value) -> &mut Value {
    &mut answer["result"]["signed_header"]["commit"]
}

fn signatures(answer: &mut Value) -> &mut Vec<Value> {
    commit(answer)["signatures"].as_array_mut().expect("a list")
}

/// Another text of the same alphabet, be it hex or base64.
pub fn altered(text: &mut Value) {
    let before = text.as_str().expect("a text");
    let first = if before.starts_with('A') { 'B' } else { 'A' };
    *text = json!(format!("{first}{}", before.get(1..).unwrap_or_default()));
}

pub fn absent() -> Value {
    json!({"block_id_flag": 1, "validator_address": "", "timestamp": "0001-01-01T00:00:00Z",
        "signature": null})
}

/// As a node refuses.
pub fn refused(answer: &mut Value, why: &str) {
    *answer = json!({"jsonrpc": "2.0", "id": answer["id"],
        "error": {"code": -32603, "message": "Internal error", "data": why}});
}

macro_rules! of_head {
    ($alter:expr) => {
        Lie::Answer(|call, answer| {
            let alter: fn(&mut Value) = $alter;
            if call.of_head() {
                alter(answer);
            }
            call.of_head()
        })
    };
}

/// The commit of the block before, beside that of the head.
fn one_before(call: &Call, answer: &Value) -> Option<Call> {
    let head = answer["result"]["signed_header"]["header"]["height"].as_str()?;
    let head: u64 = head.parse().ok()?;
    call.of_head().then(|| call.at(head - 1))
}

pub fn of_a_header() -> Vec<Told> {
    let fields: [(&'static str, Lie); 13] = [
        (
            "another app hash",
            of_head!(|a| altered(&mut header(a)["app_hash"])),
        ),
        (
            "another data hash",
            of_head!(|a| altered(&mut header(a)["data_hash"])),
        ),
        (
            "other results",
            of_head!(|a| altered(&mut header(a)["last_results_hash"])),
        ),
        (
            "other validators",
            of_head!(|a| altered(&mut header(a)["validators_hash"])),
        ),
        (
            "other next validators",
            of_head!(|a| altered(&mut header(a)["next_validators_hash"])),
        ),
        (
            "other consensus rules",
            of_head!(|a| altered(&mut header(a)["consensus_hash"])),
        ),
        (
            "another proposer",
            of_head!(|a| altered(&mut header(a)["proposer_address"])),
        ),
        (
            "another predecessor",
            of_head!(|a| altered(&mut header(a)["last_block_id"]["hash"])),
        ),
        (
            "another version",
            of_head!(|a| header(a)["version"]["app"] = json!("9")),
        ),
        (
            "an earlier time",
            of_head!(|a| header(a)["time"] = json!("2026-01-01T00:00:00Z")),
        ),
        (
            "a time to come",
            of_head!(|a| header(a)["time"] = json!("2099-01-01T00:00:00Z")),
        ),
        (
            "another chain",
            of_head!(|a| header(a)["chain_id"] = json!("dhc-2")),
        ),
        (
            "a height to come",
            of_head!(|a| {
                header(a)["height"] = json!("900000000");
                commit(a)["height"] = json!("900000000");
            }),
        ),
    ];
    fields
        .map(|(what, lie)| comet(what, Ask::Balance, UNTRUSTED, lie))
        .into()
}

fn of_signatures() -> Vec<Told> {
    let lies: [(&'static str, Lie); 17] = [
        (
            "one signature for all",
            of_head!(|a| {
                let first = signatures(a)[0]["signature"].clone();
                signatures(a)
                    .iter_mut()
                    .for_each(|s| s["signature"] = first.clone());
            }),
        ),
        (
            "one signer four times",
            of_head!(|a| {
                let first = signatures(a)[0].clone();
                signatures(a).iter_mut().for_each(|s| *s = first.clone());
            }),
        ),
        (
            "half of the signatures",
            of_head!(|a| {
                signatures(a).iter_mut().skip(2).for_each(|s| *s = absent());
            }),
        ),
        (
            "no signature, four places",
            of_head!(|a| {
                signatures(a).iter_mut().for_each(|s| *s = absent());
            }),
        ),
        ("no signatures", of_head!(|a| signatures(a).clear())),
        ("a place too few", of_head!(|a| drop(signatures(a).pop()))),
        (
            "a place too many",
            of_head!(|a| signatures(a).push(absent())),
        ),
        (
            "votes for nothing",
            of_head!(|a| {
                signatures(a)
                    .iter_mut()
                    .for_each(|s| s["block_id_flag"] = json!(3));
            }),
        ),
        (
            "altered signatures",
            of_head!(|a| {
                // A validator may have been too late to sign.
                let signed = signatures(a)
                    .iter_mut()
                    .filter(|s| s["signature"].is_string());
                signed.for_each(|s| altered(&mut s["signature"]));
            }),
        ),
        (
            "signatures that are no base64",
            of_head!(|a| {
                signatures(a)
                    .iter_mut()
                    .for_each(|s| s["signature"] = json!("="));
            }),
        ),
        (
            "signatures that are none",
            of_head!(|a| {
                signatures(a)
                    .iter_mut()
                    .for_each(|s| s["signature"] = Value::Null);
            }),
        ),
        (
            "signers exchanged",
            of_head!(|a| {
                let first = signatures(a)[0]["validator_address"].clone();
                let second = signatures(a)[1]["validator_address"].clone();
                signatures(a)[0]["validator_address"] = second;
                signatures(a)[1]["validator_address"] = first;
            }),
        ),
        ("another round", of_head!(|a| commit(a)["round"] = json!(7))),
        (
            "votes of another time",
            of_head!(|a| {
                signatures(a)
                    .iter_mut()
                    .for_each(|s| s["timestamp"] = json!("2026-11-01T00:00:00Z"));
            }),
        ),
        (
            "other parts",
            of_head!(|a| altered(&mut commit(a)["block_id"]["parts"]["hash"])),
        ),
        (
            "a commit for another header",
            of_head!(|a| altered(&mut commit(a)["block_id"]["hash"])),
        ),
        (
            "a block flag that is none",
            of_head!(|a| signatures(a)[0]["block_id_flag"] = json!(77)),
        ),
    ];
    let mut told: Vec<Told> = lies
        .map(|(what, lie)| comet(what, Ask::Balance, UNTRUSTED, lie))
        .into();
    let mixed: [(&'static str, Mix); 3] = [
        ("signatures of the block before", |a, mut before| {
            *signatures(a) = signatures(&mut before).clone();
        }),
        ("the commit of the block before", |a, mut before| {
            *commit(a) = commit(&mut before).clone();
        }),
        ("an older header under a new height", |a, mut before| {
            let height = header(a)["height"].clone();
            *a = before.take();
            header(a)["height"] = height.clone();
            commit(a)["height"] = height;
        }),
    ];
    told.extend(
        mixed.map(|(what, mix)| comet(what, Ask::Balance, UNTRUSTED, Lie::Mixed(one_before, mix))),
    );
    told
}

/// Lies about blocks below the head, and about the one where trust begins.
pub fn of_older_headers() -> Vec<Told> {
    vec![
        comet(
            "another block at the checkpoint",
            Ask::Balance,
            UNTRUSTED,
            Lie::Question(|call| {
                let lies = call.is("commit") && call.height() == Some(1);
                if lies {
                    *call = call.at(2);
                }
                lies
            }),
        ),
        comet(
            "a checkpoint that is altered",
            Ask::Balance,
            UNTRUSTED,
            Lie::Answer(|call, a| {
                let lies = call.is("commit") && call.height() == Some(1);
                if lies {
                    altered(&mut header(a)["app_hash"]);
                }
                lies
            }),
        ),
        comet(
            "no checkpoint",
            Ask::Balance,
            UNAVAILABLE,
            Lie::Answer(|call, a| {
                let lies = call.is("commit") && call.height() == Some(1);
                if lies {
                    refused(a, "height 1 is not available, lowest height is 20");
                }
                lies
            }),
        ),
        comet(
            "an altered predecessor",
            Ask::Near,
            UNTRUSTED,
            Lie::Answer(|call, a| {
                let lies = call.is("commit") && call.height().is_some_and(|h| h > 1);
                if lies {
                    altered(&mut header(a)["app_hash"]);
                }
                lies
            }),
        ),
        comet(
            "another block as predecessor",
            Ask::Near,
            UNTRUSTED,
            Lie::Mixed(
                |call, _| {
                    let height = call.height().filter(|h| *h > 2 && call.is("commit"))?;
                    Some(call.at(height - 1))
                },
                |a, mut before| {
                    let height = header(a)["height"].clone();
                    *a = before.take();
                    header(a)["height"] = height.clone();
                    commit(a)["height"] = height;
                },
            ),
        ),
        comet(
            "predecessors withheld",
            Ask::Near,
            UNAVAILABLE,
            Lie::Answer(|call, a| {
                let lies = call.is("commit") && call.height().is_some_and(|h| h > 1);
                if lies {
                    refused(a, "height is not available");
                }
                lies
            }),
        ),
        comet(
            "an old block that is altered",
            Ask::Far,
            UNTRUSTED,
            Lie::Answer(|call, a| {
                let lies = call.is("commit") && call.height().is_some_and(|h| h > 1);
                if lies {
                    altered(&mut header(a)["data_hash"]);
                }
                lies
            }),
        ),
    ]
}

/// A client that followed the chain is shown an older head.
fn of_the_head() -> Vec<Told> {
    vec![comet(
        "an old head for the newest",
        Ask::Follow,
        crate::lie::Ends::Truth,
        Lie::Question(|call| {
            let lies = call.of_head();
            if lies {
                *call = call.at(5);
            }
            lies
        }),
    )]
}

pub fn all() -> Vec<Told> {
    let lies = [
        of_a_header(),
        of_signatures(),
        of_older_headers(),
        of_the_head(),
    ];
    lies.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forged_header_is_believed() {
    tell_all(&World::start().await, all()).await;
}
