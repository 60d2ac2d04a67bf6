//! The people and what is theirs: network, vaults, the import and its proof.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use dhc_ipc::Failure;
use serde_json::{Value, json};

use super::{Cast, LOOK_AGAIN, field, found, is_proven, missing};
use crate::demo::{Finding, homes::Kept, process::Person, text};

pub async fn network(patient: &Person) -> Result<Finding, Failure> {
    let begun = Instant::now();
    loop {
        let status = patient.run(&["node", "status"]).await?;
        let trusted = status["trusted_height"].as_u64().unwrap_or(0);
        let witnesses = status["witnesses"]
            .as_array()
            .map_or(0, |w| w.iter().filter(|w| w["agrees"] == true).count());
        let ok = trusted > 1 && is_proven(&status) && witnesses > 0;
        if ok || begun.elapsed() > Duration::from_secs(15) {
            return found(
                ok,
                json!({
                    "chain_id": status["chain_id"],
                    "trusted_height": trusted,
                    "header_hash": status["trusted_hash"],
                    "witnesses_that_agree": witnesses,
                    "day_s": status["day_s"],
                }),
            );
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

pub async fn vaults(cast: &mut Cast) -> Result<Finding, Failure> {
    let made = futures::future::try_join3(
        settle_in(&cast.hospital),
        settle_in(&cast.patient),
        settle_in(&cast.doctor),
    )
    .await?;
    let mut evidence = serde_json::Map::new();
    let mut ok = true;
    for (name, address, finding) in [made.0, made.1, made.2] {
        ok &= finding.ok;
        evidence.insert(name.into(), finding.evidence);
        cast.addresses.insert(name, address);
    }
    let hospital = cast.address(&cast.hospital).to_owned();
    let certified = cast
        .hospital
        .run(&[
            "devnet",
            "certify",
            &hospital,
            "--grade",
            "top_tertiary",
            "--name",
            "Lakeside Hospital",
        ])
        .await?;
    ok &= certified["height"].as_u64().is_some();
    evidence.insert("hospital_certified_at".into(), certified["height"].clone());
    // So that the app shows names, as an address book filled by hand would.
    let doctor = cast.address(&cast.doctor).to_owned();
    let patient = cast.address(&cast.patient).to_owned();
    for (person, address, name, organisation) in [
        (&cast.patient, &doctor, "Dr Chen Hao", "Garden Road Clinic"),
        (&cast.patient, &hospital, "Lakeside Hospital", "Radiology"),
        (&cast.doctor, &patient, "Li Mei", ""),
        (&cast.doctor, &hospital, "Lakeside Hospital", "Radiology"),
    ] {
        person
            .run(&[
                "contact",
                "save",
                address,
                name,
                "--organisation",
                organisation,
            ])
            .await?;
    }
    found(ok, Value::Object(evidence))
}

/// A vault, some DHL from the faucet, a published identity.
async fn settle_in(person: &Person) -> Result<(&'static str, String, Finding), Failure> {
    let made = person
        .run(&["vault", "create", "--name", person.called])
        .await?;
    let address = field(&made["accounts"][0], "address");
    let funded = person.run(&["devnet", "fund", &address, "10"]).await?;
    let identity = person.run(&["identity", "publish"]).await?;
    let finding = Finding {
        ok: is_proven(&identity) && identity["keys_hash"].is_string(),
        evidence: json!({"address": address, "funded_at": funded["height"], "keys_hash": identity["keys_hash"],
            "published_at": identity["standing"]["height"]}),
    };
    Ok((person.name, address, finding))
}

pub async fn import(kept: &Kept, cast: &Cast, study: &Path) -> Result<(Finding, Value), Failure> {
    let seal = text(&kept.out().join("seal.json"));
    let (path, to) = (text(study), cast.address(&cast.patient));
    let issue = [
        "issue",
        &path,
        "--to",
        to,
        "--grade",
        "top_tertiary",
        "--disease",
        "difficult",
        "--out",
        &seal,
    ];
    let issued = cast.hospital.run(&issue).await?;
    let imported = cast
        .patient
        .run(&["import", &path, "--issuer-seal", &seal])
        .await?;
    let record = imported["studies"]
        .get(0)
        .cloned()
        .ok_or_else(|| missing("the imported study"))?;
    let ok = record["instances"].as_u64().is_some_and(|n| n > 0)
        && record["indexed"]["height"].as_u64().is_some()
        && record["issuer"] == issued["issuer"];
    let finding = Finding {
        ok,
        evidence: json!({
            "instances": record["instances"], "series": record["series"], "bytes": record["bytes"],
            "skipped": imported["skipped"].as_array().map_or(0, Vec::len),
            "cid": record["cid"], "commitment": record["commitment"], "issuer": record["issuer"],
            "tx": record["indexed"]["tx"], "height": record["indexed"]["height"],
        }),
    };
    Ok((finding, record))
}

pub async fn index_proven(cast: &Cast, record: &Value) -> Result<Finding, Failure> {
    let shown = cast
        .patient
        .run(&["records", "show", &field(record, "id")])
        .await?;
    let ok = is_proven(&shown)
        && shown["commitment"] == record["commitment"]
        && shown["standing"]["height"].as_u64() >= record["indexed"]["height"].as_u64();
    found(
        ok,
        json!({"id": shown["id"], "commitment": shown["commitment"], "proven_at": shown["standing"]["height"]}),
    )
}
