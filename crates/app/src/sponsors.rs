//! Who carries in and pays for what this profile cannot pay for.

use dhc_domain::{Height, Until};
use dhc_ipc::{Code, Failure, SponsorView, SponsorsView, UseSponsors};
use serde::{Deserialize, Serialize};

use crate::{
    failure::misuse,
    grant::until,
    ports::PeerHint,
    profile::Session,
    sealed::{Batch, SPONSORING, SPONSORS},
};

/// More would only be more who learn of every act.
const MOST: usize = 8;
const ALWAYS: &[u8] = b"always";
const COUNTS_FOR: &[u8] = b"counts for";
/// How long an act that is handed over counts if nothing else was said, seconds.
const USUALLY_S: u64 = 15 * 60;
/// Shorter, and no sponsor has its three blocks; longer, and sponsors decline.
const COUNTS_FOR_S: std::ops::RangeInclusive<u64> = 10..=3600;

/// A sponsor, as the profile keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sponsor {
    pub peer: PeerHint,
    /// By this they are asked, lowest first.
    place: u32,
    /// What it failed with last, if it has done nothing better since.
    failed: Option<(Code, Height)>,
}

/// In the order in which they are asked: those that failed last of all.
pub fn all(session: &Session) -> Result<Vec<Sponsor>, Failure> {
    let mut sponsors: Vec<Sponsor> = session
        .db
        .all(SPONSORS)?
        .into_iter()
        .map(|(_, sponsor)| sponsor)
        .collect();
    sponsors.sort_by_key(|s| (s.failed.is_some(), s.place));
    Ok(sponsors)
}

/// Whether sponsors carry in also what the account could pay for.
pub fn always(session: &Session) -> Result<bool, Failure> {
    Ok(session.db.get(SPONSORING, ALWAYS)?.unwrap_or(false))
}

/// How long an act that is handed over counts, seconds of the chain's time.
pub fn counts_for_s(session: &Session) -> Result<u64, Failure> {
    Ok(session.db.get(SPONSORING, COUNTS_FOR)?.unwrap_or(USUALLY_S))
}

pub fn view(session: &Session) -> Result<SponsorsView, Failure> {
    let sponsors = all(session)?
        .into_iter()
        .map(|s| SponsorView {
            address: s.peer.addresses.first().cloned().unwrap_or_default(),
            peer: s.peer.peer,
            reliable: s.failed.is_none(),
            failed: s.failed.map(|(code, _)| code),
            height: s.failed.map(|(_, height)| height.0),
        })
        .collect();
    Ok(SponsorsView {
        sponsors,
        always: always(session)?,
        counts_for_s: counts_for_s(session)?,
    })
}

pub fn add(session: &Session, address: &str) -> Result<SponsorsView, Failure> {
    let peer = peer(address)?;
    let there = all(session)?;
    let known = there.iter().find(|s| s.peer.peer == peer.peer);
    if known.is_none() && there.len() >= MOST {
        return Err(misuse(format!("a profile has at most {MOST} sponsors")));
    }
    let last = there.iter().map(|s| s.place).max();
    let sponsor = Sponsor {
        place: known.map_or_else(|| last.map_or(0, |p| p + 1), |s| s.place),
        peer,
        failed: None,
    };
    session
        .db
        .put(SPONSORS, &key(session, &sponsor), &sponsor)?;
    view(session)
}

pub fn remove(session: &Session, named: &str) -> Result<SponsorsView, Failure> {
    let id = named.rsplit_once("/p2p/").map_or(named, |(_, id)| id);
    let found = all(session)?.into_iter().find(|s| s.peer.peer == id);
    let found = found.ok_or_else(|| misuse("this is no sponsor of this profile"))?;
    session.db.delete(SPONSORS, &key(session, &found))?;
    view(session)
}

pub fn change_use(session: &Session, args: &UseSponsors) -> Result<SponsorsView, Failure> {
    let mut batch = Batch::default();
    let db = &session.db;
    db.stage(&mut batch, SPONSORING, ALWAYS, &args.always)?;
    if let Some(span) = &args.counts_for {
        let seconds = match until(span)? {
            Until::After { seconds } if COUNTS_FOR_S.contains(&seconds) => seconds,
            _ => return Err(misuse("an act counts for 10 seconds to an hour, as 15m")),
        };
        db.stage(&mut batch, SPONSORING, COUNTS_FOR, &seconds)?;
    }
    db.commit(batch)?;
    view(session)
}

/// Keeps what became of an errand: who failed is asked last from now on.
pub fn note(
    session: &Session,
    sponsor: &Sponsor,
    failed: Option<(Code, Height)>,
) -> Result<(), Failure> {
    let sponsor = Sponsor {
        failed,
        ..sponsor.clone()
    };
    session.db.put(SPONSORS, &key(session, &sponsor), &sponsor)
}

fn key(session: &Session, sponsor: &Sponsor) -> [u8; 32] {
    session.blind(&format!("sponsor {}", sponsor.peer.peer))
}

/// `/ip4/…/tcp/…/p2p/…`, as `dhc app` prints it. The node judges the rest when it dials.
pub(crate) fn peer(address: &str) -> Result<PeerHint, Failure> {
    let address = address.trim();
    let of_a_kind = ["/ip4/", "/ip6/"].iter().any(|k| address.starts_with(k));
    let peer = address
        .rsplit_once("/p2p/")
        .map(|(_, id)| id)
        .filter(|id| of_a_kind && id.len() > 30 && id.chars().all(|c| c.is_ascii_alphanumeric()))
        .ok_or_else(|| misuse("a peer's address looks like /ip4/…/tcp/…/p2p/…"))?;
    Ok(PeerHint {
        peer: peer.to_owned(),
        addresses: vec![address.to_owned()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sponsors_address_names_its_peer() {
        let id = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
        let there = peer(&format!("/ip4/127.0.0.1/tcp/4001/p2p/{id}")).unwrap();
        assert_eq!(there.peer, id);
        for no in [
            "",
            id,
            "/ip4/127.0.0.1/tcp/4001",
            "/ip4/127.0.0.1/tcp/4001/p2p/",
            "/dns4/example.org/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
        ] {
            assert_eq!(peer(no).unwrap_err().code, Code::Misuse, "{no}");
        }
    }
}
