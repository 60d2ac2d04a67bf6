//! What the contribution earns, and where it goes.

use std::time::{Duration, Instant};

use dhc_domain::Amount;
use dhc_ipc::{Code, Failure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Cast, LOOK_AGAIN, field, found, is_proven, missing};
use crate::demo::{Finding, homes::DAY_S, process::Person};

/// How long a closed day may let the play wait.
const SETTLING: Duration = Duration::from_secs(DAY_S * 3 + 20);
/// More than settling and claiming cost together, far less than any reward; DHL.
const MOST_GAS: &str = "0.1";
/// DHL.
const SENT: &str = "1.5";

pub async fn contribute(cast: &Cast, id: &str) -> Result<Finding, Failure> {
    let done = cast
        .patient
        .run(&["contribute", id, "--template", "research-contribution"])
        .await?;
    let weight = field(&done, "weight");
    let ok = done["height"].as_u64().is_some() && weight.bytes().any(|b| b != b'0');
    found(
        ok,
        json!({"day": done["day"], "weight": weight, "tx": done["tx"], "height": done["height"]}),
    )
}

pub async fn settle_and_claim(cast: &Cast) -> Result<Finding, Failure> {
    let begun = Instant::now();
    let mine = cast.address(&cast.patient).to_owned();
    let before = balance(&cast.patient, &mine).await?;
    let claimable = loop {
        let earnings = cast.patient.run(&["earnings"]).await?;
        let claimable = amount(&earnings["claimable"])?;
        if !claimable.is_zero() {
            break claimable;
        }
        if begun.elapsed() > SETTLING {
            return found(
                false,
                json!({"waited_ms": begun.elapsed().as_millis() as u64, "days": earnings["days"]}),
            );
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    let claimed = cast.patient.run(&["earnings", "claim"]).await?;
    let after = balance(&cast.patient, &mine).await?;
    let most_gas = dhl(MOST_GAS)?;
    // What is lacking of the sum went into gas: settling and claiming.
    let gas = before
        .checked_add(claimable)
        .and_then(|sum| sum.checked_sub(after));
    let arrived = after > before && gas.is_some_and(|gas| gas < most_gas);
    let day = claimed["days"]
        .as_array()
        .and_then(|d| d.iter().find(|d| d["state"] == "claimed"))
        .cloned();
    let ok = arrived && day.is_some() && claimed["tx"].is_string();
    found(
        ok,
        json!({"claimed": claimable, "tx": claimed["tx"], "height": claimed["height"], "day": day,
            "balance_before": before, "balance_after": after, "gas": gas}),
    )
}

pub async fn send(cast: &Cast) -> Result<Finding, Failure> {
    let amount = dhl(SENT)?;
    let to = cast.address(&cast.doctor).to_owned();
    let before = balance(&cast.doctor, &to).await?;
    let sent = cast
        .patient
        .run(&["send", "--to", &to, "--amount", SENT])
        .await?;
    let after = balance(&cast.doctor, &to).await?;
    let arrived = before.checked_add(amount) == Some(after);
    let ok = sent["status"] == "ok" && is_proven(&sent) && arrived;
    found(
        ok,
        json!({"to": to, "amount": amount, "tx": sent["tx"], "height": sent["height"], "fee": sent["fee"],
            "receiver_before": before, "receiver_after": after}),
    )
}

async fn balance(person: &Person, of: &str) -> Result<Amount, Failure> {
    amount(&person.run(&["balance", of]).await?["amount"])
}

fn amount(value: &Value) -> Result<Amount, Failure> {
    Amount::deserialize(value).map_err(|_| missing("an amount"))
}

fn dhl(text: &str) -> Result<Amount, Failure> {
    Amount::from_dhl(text).map_err(|e| Failure::new(Code::Misuse, e.to_string()))
}
