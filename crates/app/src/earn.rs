//! The days of the pool, and what contributions earn.

use std::collections::BTreeSet;

use dhc_chain::history::Contributed;
use dhc_chain::{
    At,
    contracts::{PoolLedger, PoolSchedule, intents},
};
use dhc_domain::{Attested, Timestamp, U256};
use dhc_ipc::{Code, DayState, DayView, EarningsView, Failure};
use dhc_market::{Day, Emission};

use crate::{
    failure::standing,
    job::Job,
    ledger::{read_failure, sponsored_by},
    profile::Profile,
};

/// The journal's name of a claim, whichever days it is for: once it is in a block, they are not
/// claimable any more.
const CLAIM: &str = "claim";
/// Days a claim may name at once.
const CLAIMED_AT_ONCE: usize = 60;

/// The pool as it stands: what it gives today follows from its proven ledger.
pub(crate) struct Pool {
    pub schedule: PoolSchedule,
    ledger: PoolLedger,
    pub standing: dhc_domain::Standing,
    /// The chain's time: by it days open and close.
    now: Timestamp,
}

impl Pool {
    pub async fn read(profile: &Profile) -> Result<Self, Failure> {
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

    pub fn today(&self) -> u64 {
        self.now.0.saturating_sub(self.schedule.genesis.0) / self.schedule.day_s.max(1)
    }

    fn begins(&self, day: u64) -> Timestamp {
        self.schedule.genesis.plus(day * self.schedule.day_s)
    }

    /// A day that is settled, as the chain has it; a later one, by the same arithmetic from the
    /// proven ledger and the days' proven weights.
    pub async fn day(&self, profile: &Profile, day: u64) -> Result<(Day, bool), Failure> {
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
        sponsored_by: None,
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
    let receipt = profile
        .transact_kept(&session, CLAIM, job, intents::claim(session.address, days))
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
    after.sponsored_by = sponsored_by(&session, &receipt);
    // Last of all: cut off before, the same command answers this claim.
    profile.forget_act(&session, CLAIM)?;
    Ok(after)
}
