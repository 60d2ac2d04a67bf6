//! Lies of a witness. The node beside it tells the truth.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    headers::{altered, refused},
    lie::{Ask, Ends, Told, tell_all},
    proxy::Lie,
    wire::{Wire, terabyte},
    world::{Side, World},
};

const CONFLICT: Ends = Ends::Code("witness_conflict");
/// The head is proven; that nobody confirms it is said.
const ALONE: Ends = Ends::Says("0 of 1 witnesses");

/// A head that is shown: a node that is a block behind has none yet, and is asked again.
macro_rules! shown {
    ($alter:expr) => {
        Lie::Answer(|call, answer| {
            let alter: fn(&mut Value) = $alter;
            let shows = call.is("commit") && answer["result"].is_object();
            if shows {
                alter(answer);
            }
            shows
        })
    };
}

fn header(answer: &mut Value) -> &mut Value {
    &mut answer["result"]["signed_header"]["header"]
}

pub fn all() -> Vec<Told> {
    let lies: [(&'static str, Ends, Lie); 11] = [
        (
            "a witness with another state",
            CONFLICT,
            shown!(|a| altered(&mut header(a)["app_hash"])),
        ),
        (
            "a witness with other transactions",
            CONFLICT,
            shown!(|a| {
                altered(&mut header(a)["data_hash"]);
            }),
        ),
        (
            "a witness with other validators",
            CONFLICT,
            shown!(|a| {
                altered(&mut header(a)["validators_hash"]);
            }),
        ),
        (
            "a witness with another block of the same height",
            CONFLICT,
            Lie::Mixed(
                |call, _| {
                    let height = call.height().filter(|_| call.is("commit"))?;
                    Some(call.at(height - 1))
                },
                |a, mut before| {
                    let height = header(a)["height"].clone();
                    *a = before.take();
                    header(a)["height"] = height.clone();
                    a["result"]["signed_header"]["commit"]["height"] = height;
                },
            ),
        ),
        (
            "a witness with another height",
            ALONE,
            shown!(|a| {
                header(a)["height"] = json!("900000000");
                a["result"]["signed_header"]["commit"]["height"] = json!("900000000");
            }),
        ),
        (
            "a witness that refuses",
            ALONE,
            shown!(|a| refused(a, "no")),
        ),
        (
            "a witness that talks nonsense",
            ALONE,
            shown!(|a| a["result"] = json!("yes")),
        ),
        (
            "a witness that redirects",
            ALONE,
            Lie::Wire(Wire::Redirect("307 Temporary Redirect")),
        ),
        (
            "a witness without an end",
            ALONE,
            Lie::Wire(Wire::Endless(
                |_| terabyte("", b"{\"jsonrpc\":\"2.0\",\"result\":\""),
                b"a",
            )),
        ),
        ("a witness that is silent", ALONE, Lie::Wire(Wire::Silence)),
        (
            "a witness that drips",
            ALONE,
            Lie::Wire(Wire::Drip(Duration::from_millis(100))),
        ),
    ];
    let told = |(what, ends, lie)| Told {
        what,
        ask: Ask::Witnesses,
        side: Side::Witness,
        lie,
        ends,
    };
    lies.map(told).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lying_witness_is_contradicted_or_not_counted() {
    tell_all(&World::start().await, all()).await;
}
