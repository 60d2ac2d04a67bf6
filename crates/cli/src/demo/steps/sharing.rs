//! From the grant to the refusal: what the doctor sees, and the trace that it leaves.

use std::path::Path;

use dhc_ipc::{Code, Failure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Cast, field, found, is_proven, missing};
use crate::demo::{Finding, text};

pub async fn give(cast: &Cast, study: &str) -> Result<(Finding, String), Failure> {
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

pub async fn release_and_fetch(
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

pub async fn render(cast: &Cast, fetched: &Path, out: &Path) -> Result<Finding, Failure> {
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

pub async fn audited(cast: &Cast, grant: &str, fetched: &Value) -> Result<Finding, Failure> {
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

pub async fn revoke(cast: &Cast, grant: &str) -> Result<Finding, Failure> {
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

pub async fn refused(cast: &Cast, grant: &str, out: &Path) -> Result<Finding, Failure> {
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
