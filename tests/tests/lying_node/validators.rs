//! Lies about who signs.

use serde_json::{Value, json};

use crate::{
    headers::altered,
    lie::{Ask, Told, UNAVAILABLE, UNTRUSTED, comet, tell_all},
    proxy::Lie,
    world::World,
};

fn set(answer: &mut Value) -> &mut Vec<Value> {
    let list = &mut answer["result"]["validators"];
    list.as_array_mut().expect("a list")
}

macro_rules! of_set {
    ($alter:expr) => {
        Lie::Answer(|call, answer| {
            let alter: fn(&mut Value) = $alter;
            if call.is("validators") {
                alter(answer);
            }
            call.is("validators")
        })
    };
}

pub fn all() -> Vec<Told> {
    let lies: [(&'static str, Lie); 13] = [
        (
            "a power raised",
            of_set!(|a| set(a)[0]["voting_power"] = json!("7000000")),
        ),
        (
            "powers that overflow",
            of_set!(|a| {
                set(a)
                    .iter_mut()
                    .for_each(|v| v["voting_power"] = json!("9223372036854775807"));
            }),
        ),
        (
            "a negative power",
            of_set!(|a| set(a)[0]["voting_power"] = json!("-5")),
        ),
        (
            "no powers",
            of_set!(|a| {
                set(a)
                    .iter_mut()
                    .for_each(|v| v["voting_power"] = json!("0"));
            }),
        ),
        (
            "a borrowed address",
            of_set!(|a| {
                let second = set(a)[1]["address"].clone();
                set(a)[0]["address"] = second;
            }),
        ),
        (
            "another key",
            of_set!(|a| altered(&mut set(a)[0]["pub_key"]["value"])),
        ),
        (
            "a key that is no base64",
            of_set!(|a| set(a)[0]["pub_key"]["value"] = json!("AAAAA=")),
        ),
        (
            "a key of another kind",
            of_set!(|a| {
                set(a)[0]["pub_key"]["type"] = json!("tendermint/PubKeySecp256k1");
            }),
        ),
        (
            "keys exchanged",
            of_set!(|a| {
                let second = set(a)[1]["pub_key"].clone();
                let first = std::mem::replace(&mut set(a)[0]["pub_key"], second);
                set(a)[1]["pub_key"] = first;
            }),
        ),
        ("one validator missing", of_set!(|a| drop(set(a).pop()))),
        (
            "one validator twice",
            of_set!(|a| {
                let first = set(a)[0].clone();
                set(a).push(first);
            }),
        ),
        ("no validators", of_set!(|a| set(a).clear())),
        (
            "more validators than a page holds",
            of_set!(|a| {
                let first = set(a)[0].clone();
                set(a).resize(5_000, first);
            }),
        ),
    ];
    let mut lies: Vec<_> = lies
        .map(|(what, lie)| comet(what, Ask::Balance, UNTRUSTED, lie))
        .into();
    // Any page is the first one, and full.
    let endless = Lie::Mixed(
        |call, _| {
            let mut first = call.clone();
            first.params["page"] = json!("1");
            call.is("validators").then_some(first)
        },
        |a, mut page| {
            let first = set(&mut page)[0].clone();
            set(&mut page).resize(100, first);
            page["result"]["total"] = json!("1000000000");
            *a = page;
        },
    );
    lies.push(comet(
        "pages without an end",
        Ask::Balance,
        UNTRUSTED,
        endless,
    ));
    let withheld = of_set!(|a| crate::headers::refused(a, "no validators at this height"));
    lies.push(comet(
        "validators withheld",
        Ask::Balance,
        UNAVAILABLE,
        withheld,
    ));
    lies
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_validators_are_believed() {
    tell_all(&World::start().await, all()).await;
}
