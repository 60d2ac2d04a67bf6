//! The main job, step by step.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use dhc_ipc::{Code, Failure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Finding, Play,
    homes::{DAY_S, Kept},
    process::{Person, Service},
    study, text,
};

/// How long a closed day may let the play wait.
const SETTLING: Duration = Duration::from_secs(DAY_S * 3 + 20);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The three people and what they came to know of each other.
struct Cast {
    hospital: Person,
    patient: Person,
    doctor: Person,
    addresses: BTreeMap<&'static str, String>,
}

impl Cast {
    fn address(&self, person: &Person) -> &str {
        self.addresses.get(person.name).map_or("", String::as_str)
    }
}

fn found(ok: bool, evidence: Value) -> Result<Finding, Failure> {
    Ok(Finding { ok, evidence })
}

fn field(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn is_proven(value: &Value) -> bool {
    value["standing"]["state"] == "proven"
        && value["standing"]["height"].as_u64().is_some_and(|h| h > 0)
}

fn missing(what: &str) -> Failure {
    Failure::new(Code::Internal, format!("{what} is missing"))
}

/// Plays every step. A step that is not `ok` ends the play.
pub async fn all(play: &mut Play<'_>, kept: &Kept, given: Option<&Path>) -> Result<(), Failure> {
    let devnet = Service::devnet(kept, DAY_S).await?;
    let network = PathBuf::from(field(&devnet.ready, "network_file"));
    let person = |name, called| Person::new(kept, name, called, &network);
    let mut cast = Cast {
        hospital: person("hospital", "Lakeside Hospital"),
        patient: person("patient", "Li Mei"),
        doctor: person("doctor", "Dr Chen Hao"),
        addresses: BTreeMap::new(),
    };
    let study = match given {
        Some(path) => path.to_owned(),
        None => study::bundled(&kept.out())?,
    };
    let ended = main_job(play, kept, &mut cast, &study).await;
    devnet.stop().await?;
    ended
}

async fn main_job(
    play: &mut Play<'_>,
    kept: &Kept,
    cast: &mut Cast,
    study: &Path,
) -> Result<(), Failure> {
    macro_rules! step {
        ($name:literal, $work:expr) => {
            if !play.step($name, $work).await? {
                return Ok(());
            }
        };
    }
    let fetched = kept.out().join("fetched");
    let mut record = Value::Null;
    let mut grant = String::new();
    let mut seen = Value::Null;

    step!("network", network(&cast.patient));
    step!("vaults", vaults(cast));
    step!("import", async {
        let (finding, imported) = import(kept, cast, study).await?;
        record = imported;
        Ok(finding)
    });
    let id = field(&record, "id");
    step!("index_proven", index_proven(cast, &record));
    step!("grant", async {
        let (finding, given) = give(cast, &id).await?;
        grant = given;
        Ok(finding)
    });
    step!("release_and_fetch", async {
        let (finding, answer) = release_and_fetch(cast, &grant, study, &fetched).await?;
        seen = answer;
        Ok(finding)
    });
    step!(
        "render",
        render(cast, &fetched, &kept.out().join("film.png"))
    );
    step!("audited", audited(cast, &grant, &seen));
    step!("revoke", revoke(cast, &grant));
    step!(
        "refused_after_revoke",
        refused(cast, &grant, &kept.out().join("refused"))
    );
    step!("contribute", contribute(cast, &id));
    step!("settle_and_claim", settle_and_claim(cast));
    step!("send", send(cast));
    Ok(())
}

async fn network(patient: &Person) -> Result<Finding, Failure> {
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

async fn vaults(cast: &mut Cast) -> Result<Finding, Failure> {
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

async fn import(kept: &Kept, cast: &Cast, study: &Path) -> Result<(Finding, Value), Failure> {
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

async fn index_proven(cast: &Cast, record: &Value) -> Result<Finding, Failure> {
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

async fn give(cast: &Cast, study: &str) -> Result<(Finding, String), Failure> {
    let to = cast.address(&cast.doctor);
    let grant = [
        "consent",
        "grant",
        "--study",
        study,
        "--to",
        to,
        "--purpose",
        "TREAT",
        "--until",
        "7d",
        "--mode",
        "live",
    ];
    let given = cast.patient.run(&grant).await?;
    let received = cast.doctor.run(&["consent", "list", "--received"]).await?;
    let id = field(&given, "grant");
    let seen = received["grants"]
        .as_array()
        .and_then(|g| g.iter().find(|g| g["grant"] == given["grant"]))
        .cloned();
    let seen = seen.unwrap_or_default();
    let ok = is_proven(&given)
        && is_proven(&seen)
        && seen["state"] == "active"
        && seen["purpose"] == "TREAT";
    let evidence = json!({"grant": id, "tx": given["tx"], "height": given["height"],
        "seen_by_the_doctor_at": seen["standing"]["height"], "not_after": seen["not_after"], "state": seen["state"]});
    Ok((Finding { ok, evidence }, id))
}

/// SHA-256 of every file below a folder, sorted.
fn hashes(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed = |e: std::io::Error| Failure::new(Code::FileUnreadable, e.to_string());
    let mut hashes = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                hashes.push(hex::encode(Sha256::digest(
                    std::fs::read(path).map_err(failed)?,
                )));
            }
        }
    }
    hashes.sort();
    Ok(hashes)
}

/// SHA-256 of the study's instances as the hospital has them, from the seal's own scan.
fn originals(study: &Path) -> Result<Vec<String>, Failure> {
    let scan = dhc_imaging::scan(
        &[study.to_owned()],
        &dhc_imaging::Limits::default(),
        &mut |_| {},
    )
    .map_err(|e| Failure::new(Code::FileUnreadable, e.to_string()))?;
    let first = scan.studies.first().ok_or_else(|| missing("a study"))?;
    let mut hashes: Vec<String> = first
        .study
        .instances()
        .map(|i| hex::encode(i.sha256))
        .collect();
    hashes.sort();
    Ok(hashes)
}

async fn release_and_fetch(
    cast: &Cast,
    grant: &str,
    study: &Path,
    out: &Path,
) -> Result<(Finding, Value), Failure> {
    let app = cast.patient.app().await?;
    let fetched = cast
        .doctor
        .run(&["fetch", grant, "--out", &text(out)])
        .await;
    let peer = app.ready["peer"].clone();
    app.stop().await?;
    let fetched = fetched?;
    let (theirs, ours) = (hashes(out)?, originals(study)?);
    let ok = !theirs.is_empty() && theirs == ours && is_proven(&fetched);
    let finding = Finding {
        ok,
        evidence: json!({
            "released_by": peer, "files": theirs.len(), "bytes": fetched["bytes"],
            "byte_for_byte": theirs == ours,
            "sha256_of_all": hex::encode(Sha256::digest(theirs.concat())),
            "accessed_tx": fetched["accessed"]["tx"], "accessed_height": fetched["accessed"]["height"],
        }),
    };
    Ok((finding, fetched))
}

async fn render(cast: &Cast, fetched: &Path, out: &Path) -> Result<Finding, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![fetched.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    let middle = files
        .get(files.len() / 2)
        .ok_or_else(|| missing("a fetched file"))?;
    let rendered = cast
        .doctor
        .run(&["film", "render", &text(middle), "--out", &text(out)])
        .await?;
    let png = std::fs::read(out).map_err(|e| Failure::new(Code::FileUnreadable, e.to_string()))?;
    let ok = png.starts_with(b"\x89PNG") && rendered["rows"].as_u64().is_some_and(|r| r > 0);
    found(
        ok,
        json!({"film": text(out), "bytes": png.len(), "rows": rendered["rows"], "columns": rendered["columns"],
            "window": rendered["window"], "sha256": hex::encode(Sha256::digest(&png))}),
    )
}

async fn audited(cast: &Cast, grant: &str, fetched: &Value) -> Result<Finding, Failure> {
    let log = cast.patient.run(&["consent", "audit"]).await?;
    let doctor = cast.address(&cast.doctor).to_lowercase();
    let entry = log["entries"].as_array().and_then(|entries| {
        entries
            .iter()
            .find(|e| e["grant"] == grant && field(e, "by").to_lowercase() == doctor)
    });
    let entry = entry.cloned().unwrap_or_default();
    let ok = log["complete"] == true
        && is_proven(&entry)
        && entry["height"] == fetched["accessed"]["height"];
    found(
        ok,
        json!({"complete": log["complete"], "openings": log["length"], "by": entry["by"], "purpose": entry["purpose"],
            "time": entry["time"], "height": entry["height"], "proven_at": entry["standing"]["height"]}),
    )
}

async fn revoke(cast: &Cast, grant: &str) -> Result<Finding, Failure> {
    let revoked = cast.patient.run(&["consent", "revoke", grant]).await?;
    let list = cast.patient.run(&["consent", "list", "--given"]).await?;
    let now = list["grants"]
        .as_array()
        .and_then(|g| g.iter().find(|g| g["grant"] == grant))
        .cloned()
        .unwrap_or_default();
    let ok = is_proven(&revoked) && now["state"] == "revoked" && is_proven(&now);
    found(
        ok,
        json!({"tx": revoked["tx"], "height": revoked["height"], "state": now["state"]}),
    )
}

async fn refused(cast: &Cast, grant: &str, out: &Path) -> Result<Finding, Failure> {
    let app = cast.patient.app().await?;
    let answer = cast
        .doctor
        .run(&["fetch", grant, "--out", &text(out)])
        .await;
    app.stop().await?;
    let code = answer.as_ref().err().map(|e| e.code);
    let nothing = !out.exists() || hashes(out)?.is_empty();
    found(
        code == Some(Code::GrantRevoked) && nothing,
        json!({"answer": code.map(dhc_ipc::Code::as_str), "files_written": !nothing}),
    )
}

async fn contribute(cast: &Cast, id: &str) -> Result<Finding, Failure> {
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

async fn settle_and_claim(cast: &Cast) -> Result<Finding, Failure> {
    let begun = Instant::now();
    let mine = cast.address(&cast.patient).to_owned();
    let before = field(&cast.patient.run(&["balance", &mine]).await?, "amount");
    let claimable = loop {
        let earnings = cast.patient.run(&["earnings"]).await?;
        let claimable = field(&earnings, "claimable");
        if claimable != "0" {
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
    let after = field(&cast.patient.run(&["balance", &mine]).await?, "amount");
    let grew = digits(&after) > digits(&before);
    let day = claimed["days"]
        .as_array()
        .and_then(|d| d.iter().find(|d| d["state"] == "claimed"))
        .cloned();
    let ok = grew && day.is_some() && claimed["tx"].is_string();
    found(
        ok,
        json!({"claimed": claimable, "tx": claimed["tx"], "height": claimed["height"], "day": day,
            "balance_before": before, "balance_after": after}),
    )
}

/// Decimal strings compare by length, then by digits.
fn digits(text: &str) -> (usize, &str) {
    (text.len(), text)
}

async fn send(cast: &Cast) -> Result<Finding, Failure> {
    let to = cast.address(&cast.doctor).to_owned();
    let before = field(&cast.doctor.run(&["balance", &to]).await?, "amount");
    let sent = cast
        .patient
        .run(&["send", "--to", &to, "--amount", "1.5"])
        .await?;
    let after = field(&cast.doctor.run(&["balance", &to]).await?, "amount");
    let arrived = digits(&after) > digits(&before);
    let ok = sent["status"] == "ok" && is_proven(&sent) && arrived;
    found(
        ok,
        json!({"to": to, "amount": "1500000000000000000", "tx": sent["tx"], "height": sent["height"], "fee": sent["fee"],
            "receiver_before": before, "receiver_after": after}),
    )
}
