//! Contributing records and earning DHL.

use std::{collections::BTreeSet, io::Cursor};

use base64::{Engine, prelude::BASE64_STANDARD};
use dhc_chain::history::Contributed;
use dhc_chain::{
    At, TxRequest,
    contracts::{IncentivePool, PoolLedger, PoolSchedule},
};
use dhc_domain::{Attested, Timestamp, U256};
use dhc_imaging::{DicomFile, Sketcher};
use dhc_ipc::{
    Code, Contribute, ContributionView, DayState, DayView, EarningsView, Failure, WeighView,
};
use dhc_market::{Day, Emission};
use serde_json::json;

use crate::{
    failure::{misuse, standing},
    job::Job,
    keys,
    ledger::read_failure,
    objects::{Object, parse_cid},
    profile::{Profile, Session},
    records::{self, Record},
    sealed::Batch,
    wallet::service_failure,
};

/// Frames that a record's sketch is made of, evenly through the study.
const SKETCHED: usize = 24;
/// The journal's name of a claim, whichever days it is for: once it is in a block, they are not
/// claimable any more.
const CLAIM: &str = "claim";
/// Days a claim may name at once.
const CLAIMED_AT_ONCE: usize = 60;

/// The pool as it stands: what it gives today follows from its proven ledger.
struct Pool {
    schedule: PoolSchedule,
    ledger: PoolLedger,
    standing: dhc_domain::Standing,
    /// The chain's time: by it days open and close.
    now: Timestamp,
}

impl Pool {
    async fn read(profile: &Profile) -> Result<Self, Failure> {
        let now = profile
            .chain
            .sync()
            .await
            .map_err(crate::ledger::sync_failure)?
            .time;
        let Attested {
            value: schedule, ..
        } = profile
            .chain
            .pool_schedule(At::Latest)
            .await
            .map_err(read_failure)?;
        let ledger = profile
            .chain
            .pool_ledger(At::Latest)
            .await
            .map_err(read_failure)?;
        Ok(Self {
            schedule,
            ledger: ledger.value,
            standing: ledger.standing,
            now,
        })
    }

    fn today(&self) -> u64 {
        self.now.0.saturating_sub(self.schedule.genesis.0) / self.schedule.day_s.max(1)
    }

    fn begins(&self, day: u64) -> Timestamp {
        self.schedule.genesis.plus(day * self.schedule.day_s)
    }

    /// A day that is settled, as the chain has it; a later one, by the same arithmetic from the
    /// proven ledger and the days' proven weights.
    async fn day(&self, profile: &Profile, day: u64) -> Result<(Day, bool), Failure> {
        let read = |d| async move {
            profile
                .chain
                .pool_day(d, At::Latest)
                .await
                .map_err(read_failure)
        };
        let asked = read(day).await?.value;
        let least = self.schedule.w_min;
        if asked.settled {
            return Ok((
                Day::close(asked.pool.0, U256::ZERO, asked.weight_sum, least),
                true,
            ));
        }
        let mut emission = Emission::new(self.ledger.remaining.0);
        let mut carry = self.ledger.carry.0;
        for d in self.ledger.settled_days..day {
            carry = Day::close(
                emission.next_day(),
                carry,
                read(d).await?.value.weight_sum,
                least,
            )
            .carry;
        }
        Ok((
            Day::close(emission.next_day(), carry, asked.weight_sum, least),
            false,
        ))
    }
}

pub async fn earnings(profile: &Profile) -> Result<EarningsView, Failure> {
    let session = profile.session()?;
    let pool = Pool::read(profile).await?;
    let today = pool.today();
    let history = profile
        .history::<Contributed>(&session, "contributions", session.address, At::Latest)
        .await?;
    let mut mine: BTreeSet<u64> = history.entries.iter().map(|e| e.day).collect();
    mine.insert(today);
    let mut days = Vec::new();
    let mut claimable = U256::ZERO;
    let mut today_pool = U256::ZERO;
    for day in mine.into_iter().rev() {
        let (of_day, settled) = pool.day(profile, day).await?;
        let share = profile
            .chain
            .share(day, session.address, At::Latest)
            .await
            .map_err(read_failure)?
            .value;
        let reward = of_day.reward(share.weight);
        let closed = day < today;
        if closed && !share.claimed {
            claimable += reward;
        }
        if day == today {
            today_pool = of_day.pool;
        }
        days.push(DayView {
            day,
            begins: pool.begins(day).to_string(),
            pool: of_day.pool.to_string(),
            weight: share.weight.to_string(),
            total_weight: of_day.weight_sum.to_string(),
            reward: reward.to_string(),
            state: match (share.claimed, closed || settled) {
                (true, _) => DayState::Claimed,
                (false, true) => DayState::Settled,
                (false, false) => DayState::Open,
            },
        });
    }
    Ok(EarningsView {
        days,
        claimable: claimable.to_string(),
        today,
        today_pool: today_pool.to_string(),
        closes: pool.begins(today + 1).to_string(),
        tx: None,
        height: None,
        standing: standing(pool.standing),
    })
}

/// Claims every closed day's reward. Cut off, it goes on with the days that it was signed for.
pub async fn claim(profile: &Profile, job: &Job) -> Result<EarningsView, Failure> {
    let session = profile.session()?;
    let going_on = profile.in_flight(&session, CLAIM)?;
    let before = earnings(profile).await?;
    let days: Vec<u64> = before
        .days
        .iter()
        .filter(|d| d.state == DayState::Settled && d.reward != "0")
        .map(|d| d.day)
        .take(CLAIMED_AT_ONCE)
        .collect();
    if days.is_empty() && !going_on {
        return Err(Failure::new(
            Code::NothingToClaim,
            "no closed day has a reward for this account",
        )
        .hint(format!("the open day closes at {}", before.closes)));
    }
    let contract = profile.contract("IncentivePool")?;
    let call = IncentivePool::claimCall { dayList: days };
    let receipt = profile
        .transact_kept(
            &session,
            CLAIM,
            job,
            TxRequest::call(session.address, contract, &call),
        )
        .await?;
    profile
        .chain
        .wait_for(
            receipt.height.next().next(),
            std::time::Duration::from_secs(10),
        )
        .await
        .map_err(crate::ledger::sync_failure)?;
    job.changed();
    let mut after = earnings(profile).await?;
    after.tx = Some(receipt.tx.to_string());
    after.height = Some(receipt.height.0);
    // Last of all: cut off before, the same command answers this claim.
    profile.forget_act(&session, CLAIM)?;
    Ok(after)
}

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
            TxRequest::call(session.address, contract, &call),
        )
        .await?;
    let event = receipt
        .event::<IncentivePool::Contributed>(contract)
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
        Vec::new(),
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
