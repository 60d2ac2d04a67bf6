//! An institution seals studies for their patient.

use std::path::PathBuf;

use dhc_domain::{Address, B256, DiseaseClass, HospitalGrade, Kind, Quality};
use dhc_imaging::{Limits, Scan, ScannedStudy};
use dhc_ipc::{Code, Failure, Issue, IssueView, Stage};

use crate::{
    failure::misuse,
    import::scan_failure,
    job::Job,
    profile::Profile,
    seals::{FORMAT, SealFile, StudySeal, commitment, signing_hash, study_digest},
    wallet::address,
};

/// Signs the studies found at `paths` for the patient `to`, and writes the seals beside them.
pub async fn issue(profile: &Profile, args: &Issue, job: &Job) -> Result<IssueView, Failure> {
    let session = profile.session()?;
    let owner = address(&args.to)?;
    let grade = parse::<HospitalGrade>("grade", &args.grade)?;
    let disease = parse::<DiseaseClass>("disease class", &args.disease)?;
    let scan = scan(args.paths.iter().map(PathBuf::from).collect(), job.clone()).await?;
    let index = profile.contract("RecordIndex")?;
    let chain = profile.chain.network().evm_chain_id;
    let seals: Vec<StudySeal> = scan
        .studies
        .iter()
        .map(|s| {
            let quality = quality_of(s, grade, disease);
            let salt = B256::from(profile.rng.array::<32>());
            sign(s, salt, quality, owner, chain, index, |hash| {
                session.account.sign_hash(hash)
            })
        })
        .collect();
    let file = SealFile {
        format: FORMAT.into(),
        issuer: session.address,
        owner,
        seals,
    };
    let json = serde_json::to_vec_pretty(&file)
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
    std::fs::write(&args.out, json)
        .map_err(|e| Failure::new(Code::FileUnreadable, format!("{}: {e}", args.out)))?;
    Ok(IssueView {
        issuer: session.address.to_string(),
        studies: file.seals.into_iter().map(|s| s.study_uid).collect(),
        out: args.out.clone(),
    })
}

/// Walks the given paths off the async threads.
pub(crate) async fn scan(paths: Vec<PathBuf>, job: Job) -> Result<Scan, Failure> {
    tokio::task::spawn_blocking(move || {
        dhc_imaging::scan(&paths, &Limits::default(), &mut |p| {
            job.report(Stage::Reading, p.bytes_done, 0)
        })
    })
    .await
    .map_err(|e| Failure::new(Code::Internal, e.to_string()))?
    .map_err(scan_failure)
}

pub(crate) fn parse<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, Failure> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| misuse(format!("{text:?} is no {what}")))
}

/// What an institution says of a study's quality: films, and a diagnosis where the study carries
/// a report.
pub(crate) fn quality_of(
    study: &ScannedStudy,
    grade: HospitalGrade,
    disease: DiseaseClass,
) -> Quality {
    let mut kinds = vec![Kind::Imaging];
    if study
        .study
        .modalities
        .iter()
        .any(|m| m == "SR" || m == "DOC")
    {
        kinds.insert(0, Kind::Diagnosis);
    }
    Quality {
        kinds,
        grade,
        disease,
    }
}

/// Seals one study with whatever signs for the institution.
pub(crate) fn sign(
    study: &ScannedStudy,
    salt: B256,
    quality: Quality,
    owner: Address,
    evm_chain_id: u64,
    index: Address,
    signer: impl FnOnce(&B256) -> [u8; 65],
) -> StudySeal {
    let commitment = commitment(&salt, &study_digest(&study.study));
    let hash = signing_hash(evm_chain_id, index, owner, commitment, &quality);
    StudySeal {
        study_uid: study.study.uid.clone(),
        salt,
        commitment,
        quality,
        signature: hex::encode(signer(&hash)),
    }
}
