//! Who acts for this profile, and for whom it acts.

use std::collections::BTreeMap;

use dhc_chain::{
    At, ProvenReceipt, TxRequest,
    contracts::{AppointmentView, Proxies},
    history::{ProxySet, WardSet},
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
    ledger::{proven_at, read_failure, sync_failure},
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
    let call = Proxies::appointCall {
        proxy,
        powers: powers.0,
        until: end.0,
    };
    let contract = profile.contract("Proxies")?;
    let act = format!("appoint {proxy} {} {}", powers.0, args.until);
    let request = TxRequest::call(session.address, contract, &call);
    let receipt = profile.transact(&session, &act, job, request).await?;
    job.changed();
    Ok(change(proxy, &receipt))
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
    let contract = profile.contract("Proxies")?;
    let call = Proxies::dismissCall { proxy };
    let request = TxRequest::call(session.address, contract, &call);
    let receipt = profile.transact(&session, &act, job, request).await?;
    job.changed();
    Ok(change(proxy, &receipt))
}

fn change(proxy: Address, receipt: &ProvenReceipt) -> ProxyChange {
    ProxyChange {
        proxy: proxy.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
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

/// The last decision about somebody.
struct Decision {
    seq: u64,
    powers: Powers,
    until: Timestamp,
    time: Timestamp,
}

pub async fn list(profile: &Profile) -> Result<ProxiesView, Failure> {
    let session = profile.session()?;
    let names = contacts::known(&session)?;
    let mine = profile
        .history::<ProxySet>(&session, "proxies", session.address, At::Latest)
        .await?;
    let wards = profile
        .history::<WardSet>(&session, "wards", session.address, At::Latest)
        .await?;
    let proxies = mine.entries.into_iter().map(|e| {
        let ProxySet {
            seq,
            powers,
            until,
            time,
            ..
        } = e;
        let decision = Decision {
            seq,
            powers,
            until,
            time,
        };
        (e.proxy, decision)
    });
    let owners = wards.entries.into_iter().map(|e| {
        let WardSet {
            seq,
            powers,
            until,
            time,
            ..
        } = e;
        let decision = Decision {
            seq,
            powers,
            until,
            time,
        };
        (e.owner, decision)
    });
    let now = profile.clock.now();
    Ok(ProxiesView {
        proxies: in_force(proxies, &names, now, mine.standing),
        wards: in_force(owners, &names, now, wards.standing),
        complete: mine.complete && wards.complete,
        standing: standing(mine.standing),
    })
}

/// The last decision about each, the newest first.
fn in_force(
    decisions: impl Iterator<Item = (Address, Decision)>,
    names: &BTreeMap<Address, String>,
    now: Timestamp,
    proven: Standing,
) -> Vec<ProxyView> {
    let last: BTreeMap<Address, Decision> = decisions.collect();
    let mut last: Vec<_> = last.into_iter().collect();
    last.sort_by_key(|(_, decision)| std::cmp::Reverse(decision.seq));
    let view = |(address, decision): (Address, Decision)| {
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
        let decided = |seq, powers, until| Decision {
            seq,
            powers: Powers(powers),
            until: Timestamp(until),
            time: Timestamp(seq),
        };
        let decisions = [
            (first, decided(0, 15, 100)),
            (second, decided(1, 2, 50)),
            (first, decided(2, 0, 0)),
        ];
        let proven = Standing::Proven { height: Height(9) };
        let list = in_force(
            decisions.into_iter(),
            &BTreeMap::new(),
            Timestamp(50),
            proven,
        );
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].address, first.to_string());
        assert_eq!(list[0].state, ProxyStateView::Dismissed);
        assert_eq!(list[0].until, None);
        assert_eq!(list[1].state, ProxyStateView::Active);
        assert_eq!(list[1].powers, ["revoke"]);
        let decisions = [(second, decided(0, 2, 50))];
        let list = in_force(
            decisions.into_iter(),
            &BTreeMap::new(),
            Timestamp(51),
            proven,
        );
        assert_eq!(list[0].state, ProxyStateView::Ended);
    }
}
