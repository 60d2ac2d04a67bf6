//! Who acts for this profile, and for whom it acts.

use std::collections::BTreeMap;

use dhc_chain::{
    At, ProvenReceipt,
    contracts::{AppointmentView, intents},
    history::{Decision, ProxySet, WardSet},
};
use dhc_domain::{Address, Power, Powers, Standing, Timestamp};
use dhc_ipc::{
    AppointProxy, Code, DismissProxy, Failure, ProxiesView, ProxyChange, ProxyStateView, ProxyView,
};

use crate::{
    contacts,
    failure::{misuse, standing},
    grant::until,
    job::Job,
    ledger::{proven_at, read_failure, sponsored_by, sync_failure},
    profile::{Profile, Session},
    wallet::address,
};

/// Lets an account do for this profile's owner what is named, until the time named.
///
/// Errors: `misuse` for oneself, no or unknown powers, and a time past; what sending gives.
pub async fn appoint(
    profile: &Profile,
    args: &AppointProxy,
    job: &Job,
) -> Result<ProxyChange, Failure> {
    let session = profile.session()?;
    let proxy = address(&args.proxy)?;
    if proxy == session.address {
        return Err(misuse("nobody is a proxy of themself"));
    }
    let powers = args
        .powers
        .iter()
        .map(|name| name.parse::<Power>().map_err(|e| misuse(e.to_string())))
        .collect::<Result<Powers, _>>()?;
    if powers.is_empty() {
        return Err(misuse("say what the proxy may do"));
    }
    let now = profile.chain.sync().await.map_err(sync_failure)?.time;
    let end = until(&args.until)?.from(now);
    if end <= now {
        return Err(misuse("the end of the appointment lies in the past"));
    }
    let intent = intents::appoint(session.address, proxy, powers, end);
    let act = format!("appoint {proxy} {} {}", powers.0, args.until);
    let receipt = profile.transact(&session, &act, job, intent).await?;
    job.changed();
    Ok(change(&session, proxy, &receipt))
}

/// Takes all powers from a proxy.
///
/// Errors: `proxy_unknown` where the account has none; what sending gives.
pub async fn dismiss(
    profile: &Profile,
    args: &DismissProxy,
    job: &Job,
) -> Result<ProxyChange, Failure> {
    let session = profile.session()?;
    let proxy = address(&args.proxy)?;
    let act = format!("dismiss {proxy}");
    let known = appointment(profile, session.address, proxy).await?;
    if known.powers.is_empty() && !profile.in_flight(&session, &act)? {
        return Err(Failure::new(
            Code::ProxyUnknown,
            format!("{proxy} does not act for you"),
        ));
    }
    let intent = intents::dismiss(session.address, proxy);
    let receipt = profile.transact(&session, &act, job, intent).await?;
    job.changed();
    Ok(change(&session, proxy, &receipt))
}

fn change(session: &Session, proxy: Address, receipt: &ProvenReceipt) -> ProxyChange {
    ProxyChange {
        proxy: proxy.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
        sponsored_by: sponsored_by(session, receipt),
    }
}

async fn appointment(
    profile: &Profile,
    owner: Address,
    proxy: Address,
) -> Result<AppointmentView, Failure> {
    let read = profile.chain.appointment(owner, proxy, At::Latest).await;
    Ok(read.map_err(read_failure)?.value)
}

/// Passes where this profile may do this for `owner`, being them or their proxy.
///
/// Errors: `stranger` where it never was their proxy; `proxy_refused` where its powers do not
/// include this, or no longer.
pub(crate) async fn check(
    profile: &Profile,
    session: &Session,
    owner: Address,
    power: Power,
    stranger: Failure,
) -> Result<(), Failure> {
    if owner == session.address {
        return Ok(());
    }
    let known = appointment(profile, owner, session.address).await?;
    if known.version == 0 {
        Err(stranger)
    } else if known.may(power, profile.clock.now()) {
        Ok(())
    } else {
        Err(Failure::new(
            Code::ProxyRefused,
            format!("{owner} does not, or no longer, let you {power} for them"),
        ))
    }
}

pub async fn list(profile: &Profile) -> Result<ProxiesView, Failure> {
    let session = profile.session()?;
    let names = contacts::known(&session)?;
    let mine = profile
        .history::<ProxySet>(&session, "appointed", session.address, At::Latest)
        .await?;
    let wards = profile
        .history::<WardSet>(&session, "appointed by", session.address, At::Latest)
        .await?;
    let now = profile.clock.now();
    Ok(ProxiesView {
        proxies: in_force(mine.entries, &names, now, mine.standing),
        wards: in_force(wards.entries, &names, now, wards.standing),
        complete: mine.complete && wards.complete,
        standing: standing(mine.standing),
    })
}

/// The last decision about each, the newest first.
fn in_force<const OF_PROXY: bool>(
    decisions: Vec<Decision<OF_PROXY>>,
    names: &BTreeMap<Address, String>,
    now: Timestamp,
    proven: Standing,
) -> Vec<ProxyView> {
    let last: BTreeMap<Address, Decision<OF_PROXY>> =
        decisions.into_iter().map(|d| (d.other, d)).collect();
    let mut last: Vec<_> = last.into_values().collect();
    last.sort_by_key(|decision| std::cmp::Reverse(decision.seq));
    let view = |decision: Decision<OF_PROXY>| {
        let address = decision.other;
        let dismissed = decision.powers.is_empty();
        ProxyView {
            address: address.to_string(),
            name: names.get(&address).cloned(),
            powers: decision.powers.iter().map(|p| p.to_string()).collect(),
            until: (!dismissed).then(|| decision.until.to_string()),
            since: decision.time.to_string(),
            state: if dismissed {
                ProxyStateView::Dismissed
            } else if now > decision.until {
                ProxyStateView::Ended
            } else {
                ProxyStateView::Active
            },
            standing: standing(proven),
        }
    };
    last.into_iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use dhc_domain::Height;

    use super::*;

    #[test]
    fn the_last_decision_about_somebody_is_in_force() {
        let (first, second) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let decided = |other, seq, powers, until| ProxySet {
            party: Address::ZERO,
            seq,
            other,
            powers: Powers(powers),
            until: Timestamp(until),
            version: 1,
            time: Timestamp(seq),
        };
        let decisions = vec![
            decided(first, 0, 15, 100),
            decided(second, 1, 2, 50),
            decided(first, 2, 0, 0),
        ];
        let proven = Standing::Proven { height: Height(9) };
        let list = in_force(decisions, &BTreeMap::new(), Timestamp(50), proven);
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].address, first.to_string());
        assert_eq!(list[0].state, ProxyStateView::Dismissed);
        assert_eq!(list[0].until, None);
        assert_eq!(list[1].state, ProxyStateView::Active);
        assert_eq!(list[1].powers, ["revoke"]);
        let decisions = vec![decided(second, 0, 2, 50)];
        let list = in_force(decisions, &BTreeMap::new(), Timestamp(51), proven);
        assert_eq!(list[0].state, ProxyStateView::Ended);
    }
}
