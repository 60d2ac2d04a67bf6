//! Lies about state: values, keys, stores, heights, proofs.

use serde_json::{Value, json};

use crate::{
    headers::{altered, refused},
    lie::{Ask, Told, UNAVAILABLE, UNTRUSTED, comet, tell_all},
    proxy::{Call, Lie},
    world::World,
};

fn response(answer: &mut Value) -> &mut Value {
    &mut answer["result"]["response"]
}

fn steps(answer: &mut Value) -> &mut Vec<Value> {
    let ops = &mut response(answer)["proofOps"]["ops"];
    ops.as_array_mut().expect("two steps")
}

macro_rules! of_state {
    ($alter:expr) => {
        Lie::Answer(|call, answer| {
            let alter: fn(&mut Value) = $alter;
            if call.is("abci_query") {
                alter(answer);
            }
            call.is("abci_query")
        })
    };
}

macro_rules! asked {
    ($alter:expr) => {
        Lie::Question(|call| {
            let alter: fn(&mut Call) = $alter;
            let lies = call.is("abci_query");
            if lies {
                alter(call);
            }
            lies
        })
    };
}

/// The first state that the real engine proves.
const EARLY: u64 = 2;

/// The same question about the beginning.
fn earlier(call: &Call, _: &Value) -> Option<Call> {
    let height = call.height().filter(|_| call.is("abci_query"))?;
    (height > EARLY).then(|| call.at(EARLY))
}

pub fn of_values() -> Vec<Told> {
    let told = |(what, ask, lie)| comet(what, ask, UNTRUSTED, lie);
    let lies: [(&'static str, Ask, Lie); 11] = [
        // 900 in base64.
        (
            "another balance",
            Ask::Balance,
            of_state!(|a| response(a)["value"] = json!("OTAw")),
        ),
        (
            "nothing where there is something",
            Ask::Balance,
            of_state!(|a| {
                response(a)["value"] = Value::Null;
            }),
        ),
        (
            "something where there is nothing",
            Ask::Absence,
            of_state!(|a| {
                response(a)["value"] = json!("OTAw");
            }),
        ),
        (
            "another nonce",
            Ask::Nonce,
            of_state!(|a| altered(&mut response(a)["value"])),
        ),
        (
            "no nonce",
            Ask::Nonce,
            of_state!(|a| response(a)["value"] = Value::Null),
        ),
        (
            "other code",
            Ask::Code,
            of_state!(|a| altered(&mut response(a)["value"])),
        ),
        (
            "no code",
            Ask::Code,
            of_state!(|a| response(a)["value"] = Value::Null),
        ),
        (
            "another slot's value",
            Ask::Slots,
            of_state!(|a| altered(&mut response(a)["value"])),
        ),
        (
            "a value of a megabyte",
            Ask::Balance,
            of_state!(|a| {
                response(a)["value"] = json!("OTAw".repeat(360_000));
            }),
        ),
        (
            "a value that is not base64",
            Ask::Balance,
            of_state!(|a| {
                response(a)["value"] = json!("\u{0}*");
            }),
        ),
        (
            "a value that is a number",
            Ask::Balance,
            of_state!(|a| response(a)["value"] = json!(900)),
        ),
    ];
    lies.map(told).into()
}

fn of_places() -> Vec<Told> {
    let told = |(what, ask, lie)| comet(what, ask, UNTRUSTED, lie);
    let lies: [(&'static str, Ask, Lie); 8] = [
        (
            "another account's balance",
            Ask::Absence,
            asked!(|call| {
                // The patient's, which is proven truly.
                let patient =
                    dhc_chain::Signer::address(&crate::world::Account::new(crate::world::PATIENT));
                let asked = call.params["data"].as_str().expect("hex").to_owned();
                call.params["data"] = json!(format!("{}{patient:x}{}", &asked[..4], &asked[44..]));
            }),
        ),
        (
            "another slot",
            Ask::Slots,
            asked!(|call| {
                let asked = call.params["data"].as_str().expect("hex").to_owned();
                call.params["data"] = json!(format!("{}00", &asked[..asked.len() - 2]));
            }),
        ),
        (
            "another contract's slot",
            Ask::Slots,
            asked!(|call| {
                let asked = call.params["data"].as_str().expect("hex").to_owned();
                call.params["data"] = json!(format!("02{}{}", "11".repeat(20), &asked[42..]));
            }),
        ),
        (
            "another store",
            Ask::Absence,
            asked!(|call| call.params["path"] = json!("/store/evm/key")),
        ),
        (
            "an older state, said to be older",
            Ask::Balance,
            asked!(|call| {
                *call = call.at(EARLY);
            }),
        ),
        (
            "no height",
            Ask::Balance,
            of_state!(|a| response(a)["height"] = json!("0")),
        ),
        (
            "a negative height",
            Ask::Balance,
            of_state!(|a| response(a)["height"] = json!("-4")),
        ),
        (
            "an older state under the height asked for",
            Ask::Balance,
            Lie::Mixed(earlier, |a, mut before| {
                let height = response(a)["height"].clone();
                *a = before.take();
                response(a)["height"] = height;
            }),
        ),
    ];
    lies.map(told).into()
}

fn of_proofs() -> Vec<Told> {
    let told = |(what, ask, lie)| comet(what, ask, UNTRUSTED, lie);
    let lies: [(&'static str, Ask, Lie); 13] = [
        (
            "the first step altered",
            Ask::Balance,
            of_state!(|a| altered(&mut steps(a)[0]["data"])),
        ),
        (
            "the second step altered",
            Ask::Balance,
            of_state!(|a| altered(&mut steps(a)[1]["data"])),
        ),
        (
            "the first step missing",
            Ask::Balance,
            of_state!(|a| drop(steps(a).remove(0))),
        ),
        (
            "the second step missing",
            Ask::Balance,
            of_state!(|a| drop(steps(a).pop())),
        ),
        (
            "the steps exchanged",
            Ask::Balance,
            of_state!(|a| steps(a).reverse()),
        ),
        (
            "a third step",
            Ask::Balance,
            of_state!(|a| {
                let first = steps(a)[0].clone();
                steps(a).push(first);
            }),
        ),
        (
            "a step of another kind",
            Ask::Balance,
            of_state!(|a| {
                steps(a)[0]["type"] = json!("ics23:smt");
            }),
        ),
        (
            "a step for another key",
            Ask::Balance,
            of_state!(|a| altered(&mut steps(a)[0]["key"])),
        ),
        (
            "a step for another store",
            Ask::Balance,
            of_state!(|a| {
                steps(a)[1]["key"] = json!("ZXZt");
            }),
        ),
        (
            "a step without proof",
            Ask::Balance,
            of_state!(|a| steps(a)[0]["data"] = json!("")),
        ),
        (
            "a step of rubbish",
            Ask::Balance,
            of_state!(|a| {
                steps(a)[0]["data"] = json!("CgoK".repeat(20_000));
            }),
        ),
        (
            "a hundred thousand steps",
            Ask::Balance,
            of_state!(|a| {
                let step = json!({"type": ""});
                steps(a).resize(100_000, step);
            }),
        ),
        (
            "a proof of older state for the newest",
            Ask::Balance,
            Lie::Mixed(earlier, |a, mut before| {
                *steps(a) = steps(&mut before).clone()
            }),
        ),
    ];
    lies.map(told).into()
}

pub fn of_nothing_at_all() -> Vec<Told> {
    let lies: [(&'static str, Lie); 5] = [
        (
            "a value without a proof",
            of_state!(|a| response(a)["proofOps"] = Value::Null),
        ),
        ("a proof of no steps", of_state!(|a| steps(a).clear())),
        (
            "asked without a proof",
            asked!(|call| call.params["prove"] = json!(false)),
        ),
        (
            "a state that is said to be pruned",
            of_state!(|a| {
                *response(a) =
                    json!({"code": 18, "log": "height 3 has been pruned", "height": "0"});
            }),
        ),
        ("a refusal", of_state!(|a| refused(a, "no such state"))),
    ];
    lies.map(|(what, lie)| comet(what, Ask::Balance, UNAVAILABLE, lie))
        .into()
}

pub fn all() -> Vec<Told> {
    let lies = [of_values(), of_places(), of_proofs(), of_nothing_at_all()];
    lies.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_unproven_state_is_believed() {
    tell_all(&World::start().await, all()).await;
}
