//! Contributing records: what they weigh, the committee's word on them, the act itself.

use std::io::Cursor;

use base64::{Engine, prelude::BASE64_STANDARD};
use dhc_chain::{
    At, SolEvent,
    contracts::{IncentivePool, intents},
};
use dhc_domain::U256;
use dhc_imaging::{DicomFile, Sketcher};
use dhc_ipc::{Code, Contribute, ContributionView, Failure, WeighView};
use dhc_market::Day;
use serde_json::json;

use crate::{
    earn::Pool,
    failure::{misuse, standing},
    job::Job,
    keys,
    ledger::{read_failure, sponsored_by},
    objects::{Object, parse_cid},
    pins,
    profile::{Profile, Session},
    records::{self, Record},
    sealed::Batch,
    wallet::service_failure,
};

/// Frames that a record's sketch is made of, evenly through the study.
const SKETCHED: usize = 24;

/// What a record would weigh, as far as its own qualities say: the committee's similarity comes
/// when it is contributed.
pub async fn weigh(profile: &Profile, id: &str) -> Result<WeighView, Failure> {
    let session = profile.session()?;
    let record = records::find(&session, id)?;
    let pool = Pool::read(profile).await?;
    let (today, _) = pool.day(profile, pool.today()).await?;
    let quality = record.seal.as_ref().map(|s| s.quality.clone());
    let weight = quality
        .as_ref()
        .and_then(|q| dhc_market::weight(q.pack(), 0))
        .unwrap_or_default();
    let contributed = profile
        .chain
        .contribution(record.id, At::Latest)
        .await
        .map_err(read_failure)?;
    let refused = match (&quality, contributed.value) {
        (_, Some(_)) => Some(Code::AlreadyContributed),
        (None, _) => Some(Code::SealRefused),
        _ => None,
    };
    let with_it = Day::close(
        today.pool,
        U256::ZERO,
        today.weight_sum + weight,
        pool.schedule.w_min,
    );
    let estimate = with_it.reward(weight);
    let name = |v: serde_json::Value| v.as_str().map(str::to_owned);
    Ok(WeighView {
        refused,
        weight_ppm: (weight * U256::from(1_000_000u32) / U256::from(dhc_market::WEIGHT_ONE))
            .saturating_to(),
        kinds: quality
            .iter()
            .flat_map(|q| &q.kinds)
            .filter_map(|k| serde_json::to_value(k).ok().and_then(name))
            .collect(),
        grade: quality
            .as_ref()
            .and_then(|q| serde_json::to_value(q.grade).ok())
            .and_then(name),
        disease: quality
            .as_ref()
            .and_then(|q| serde_json::to_value(q.disease).ok())
            .and_then(name),
        pool: today.pool.to_string(),
        estimate: estimate.to_string(),
        standing: standing(pool.standing),
    })
}

pub async fn contribute(
    profile: &Profile,
    args: &Contribute,
    job: &Job,
) -> Result<ContributionView, Failure> {
    let session = profile.session()?;
    let mut record = records::find(&session, &args.id)?;
    if record.seal.is_none() {
        return Err(Failure::new(
            Code::SealRefused,
            "only records sealed by a certified institution can be contributed",
        )
        .hint("ask the hospital for the study with its seal"));
    }
    let template = crate::templates::standing_ones(profile)
        .await?
        .into_iter()
        .map(|(t, _)| t)
        .find(|t| t.name == args.template && !t.retired && t.contribution)
        .ok_or_else(|| {
            Failure::new(
                Code::TemplateRefused,
                format!("{:?} is no template for contributions", args.template),
            )
        })?;
    let act = format!("contribute {}", record.id);
    if profile
        .chain
        .contribution(record.id, At::Latest)
        .await
        .map_err(read_failure)?
        .value
        .is_some()
        && !profile.in_flight(&session, &act)?
    {
        return Err(Failure::new(
            Code::AlreadyContributed,
            "this record was contributed before",
        ));
    }
    let attested = attest(profile, &session, &record, job).await?;
    let contract = profile.contract("IncentivePool")?;
    let call = IncentivePool::contributeCall {
        recordId: record.id.0,
        templateId: template.id(),
        sixteenths: attested.sixteenths,
        attestations: attested.signatures.into_iter().map(Into::into).collect(),
    };
    let receipt = profile
        .transact_kept(
            &session,
            &act,
            job,
            intents::contribute(session.address, call),
        )
        .await?;
    // A carrier may have brought others' along in one transaction.
    let event = receipt
        .logs
        .iter()
        .filter(|log| log.address == contract)
        .filter_map(|log| IncentivePool::Contributed::decode_log(log).ok())
        .find(|event| event.recordId == record.id.0)
        .ok_or_else(|| {
            Failure::new(
                Code::NodeUntrusted,
                "the proven result holds no contribution",
            )
        })?;
    record.contributed = true;
    let mut batch = Batch::default();
    records::stage(&session, &mut batch, &record)?;
    profile.stage_forgotten(&session, &mut batch, &act);
    session.db.commit(batch)?;
    job.changed();
    Ok(ContributionView {
        contribution: record.id.to_string(),
        day: event.day,
        weight: event.weight.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        sponsored_by: sponsored_by(&session, &receipt),
    })
}

/// The PoQ committee's word on how similar a record is to what exists.
struct Attested16 {
    sixteenths: u8,
    signatures: Vec<Vec<u8>>,
}

async fn attest(
    profile: &Profile,
    session: &Session,
    record: &Record,
    job: &Job,
) -> Result<Attested16, Failure> {
    let sketch = sketch(profile, session, record, job).await?;
    let answer = profile
        .services
        .call(
            "dhc_attestSimilarity",
            json!([{
                "contributor": session.address,
                "recordId": record.id,
                "sketch": BASE64_STANDARD.encode(sketch),
            }]),
        )
        .await
        .map_err(service_failure)?;
    let malformed = || misuse("the committee's answer is not understood");
    let sixteenths = answer["sixteenths"]
        .as_u64()
        .and_then(|n| u8::try_from(n).ok())
        .ok_or_else(malformed)?;
    let signatures = answer["signatures"]
        .as_array()
        .ok_or_else(malformed)?
        .iter()
        .map(|s| {
            s.as_str()
                .and_then(|s| hex::decode(s.trim_start_matches("0x")).ok())
                .ok_or_else(malformed)
        })
        .collect::<Result<_, _>>()?;
    Ok(Attested16 {
        sixteenths,
        signatures,
    })
}

/// A sketch of the record's films, keyed for this network's committee.
async fn sketch(
    profile: &Profile,
    session: &Session,
    record: &Record,
    job: &Job,
) -> Result<[u8; 128], Failure> {
    let object_key = keys::of_record(profile, session, record)?;
    let object = Object::open(
        profile.home.blocks.clone(),
        pins::peers(session)?,
        parse_cid(&record.cid)?,
        &object_key,
    )
    .await?;
    let network = &profile.chain.network().chain_id;
    let key = alloy::primitives::keccak256(format!("DHC-SKETCH/1 {network}")).0;
    let mut sketcher = Sketcher::new(&key);
    let entries = &object.manifest.entries;
    let step = entries.len().div_ceil(SKETCHED).max(1);
    for entry in entries.iter().step_by(step) {
        job.go_on()?;
        let bytes = object.entry(entry).await?;
        let (back, decoded) = tokio::task::spawn_blocking(move || {
            let frame = DicomFile::open(Cursor::new(bytes)).ok().and_then(|mut f| {
                let middle = f.frames() / 2;
                f.stored_frame(middle).ok()
            });
            if let Some(frame) = &frame {
                sketcher.add(frame);
            }
            (sketcher, frame.is_some())
        })
        .await
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
        sketcher = back;
        if !decoded {
            tracing::debug!("an instance without a decodable image is left out of the sketch");
        }
    }
    Ok(sketcher.finish())
}
