//! Pinning services: named, asked once before they are kept, and forgotten.

use dhc_content::dag::raw_cid;
use dhc_ipc::{AddPinService, Code, Failure, PinServiceKind, PinServiceView, PinServicesView};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Pin, failure, sync};
use crate::{
    failure::misuse,
    job::Job,
    objects::parse_cid,
    ports::{PeerHint, PinKind, PinService},
    profile::{Profile, Session},
    records,
    sealed::{PIN_SERVICES, PINS},
};

/// More would only be more who learn of every object.
const MOST: usize = 8;
const LONGEST_NAME: usize = 40;

/// A service, as the profile keeps it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    kind: PinKind,
    url: String,
    token: Option<Zeroizing<String>>,
    /// Where its nodes listen, as it said last.
    pub(super) peers: Vec<PeerHint>,
    /// Why it could not be asked last.
    pub(super) failed: Option<Code>,
}

impl Service {
    pub(super) fn speaks(&self) -> PinService {
        PinService {
            kind: self.kind,
            url: self.url.clone(),
            token: self.token.clone(),
        }
    }

    fn key(session: &Session, name: &str) -> [u8; 32] {
        session.blind(&format!("pin service {name}"))
    }

    pub(super) fn put(&self, session: &Session) -> Result<(), Failure> {
        session
            .db
            .put(PIN_SERVICES, &Self::key(session, &self.name), self)
    }
}

pub fn services(session: &Session) -> Result<Vec<Service>, Failure> {
    let all = session.db.all(PIN_SERVICES)?;
    let mut services: Vec<Service> = all.into_iter().map(|(_, s)| s).collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(services)
}

pub fn view(session: &Session) -> Result<PinServicesView, Failure> {
    let records = records::all(session)?;
    let services = services(session)?.into_iter().map(|service| {
        let mut pinned = 0;
        for record in &records {
            let pin = Pin::of(session, &service.name, &parse_cid(&record.cid)?)?;
            pinned += u32::from(pin.is_pinned());
        }
        Ok(PinServiceView {
            kind: match service.kind {
                PinKind::Api => PinServiceKind::Api,
                PinKind::Kubo => PinServiceKind::Kubo,
            },
            url: origin(&service.url),
            has_token: service.token.is_some(),
            peers: service
                .peers
                .iter()
                .flat_map(|p| p.addresses.clone())
                .collect(),
            pinned,
            waiting: records.len() as u32 - pinned,
            code: service.failed,
            name: service.name,
        })
    });
    Ok(PinServicesView {
        services: services.collect::<Result<_, Failure>>()?,
    })
}

/// Scheme, host and port.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}")
}

pub async fn add(
    profile: &Profile,
    args: &AddPinService,
    job: &Job,
) -> Result<PinServicesView, Failure> {
    let session = profile.session()?;
    let name = args.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(misuse(format!(
            "a service's name has 1 to {LONGEST_NAME} characters"
        )));
    }
    let there = services(&session)?;
    if there.iter().any(|s| s.name == name) {
        return Err(misuse("a service of this name is there already"));
    }
    if there.len() >= MOST {
        return Err(misuse(format!("a profile has at most {MOST} services")));
    }
    let mut service = Service {
        name: name.to_owned(),
        kind: match args.kind {
            PinServiceKind::Api => PinKind::Api,
            PinServiceKind::Kubo => PinKind::Kubo,
        },
        url: args.url.trim().trim_end_matches('/').to_owned(),
        token: args.token.clone().map(Zeroizing::new),
        peers: Vec::new(),
        failed: None,
    };
    // One question tells whether address and token are right, before they are kept.
    let pinning = &profile.home.pinning;
    service.peers = pinning.peers(&service.speaks()).await.map_err(failure)?;
    let nobodys = raw_cid(&profile.rng.array::<32>());
    let nothing = pinning.look(&service.speaks(), &nobodys).await;
    nothing.map_err(failure)?;
    service.put(&session)?;
    sync(profile, job).await
}

pub async fn remove(
    profile: &Profile,
    name: &str,
    unpin: bool,
) -> Result<PinServicesView, Failure> {
    let session = profile.session()?;
    let service = services(&session)?
        .into_iter()
        .find(|s| s.name == name)
        .ok_or_else(|| misuse("no service has this name"))?;
    for record in records::all(&session)? {
        let root = parse_cid(&record.cid)?;
        if unpin {
            let pinning = &profile.home.pinning;
            let gone = pinning.unpin(&service.speaks(), &root).await;
            gone.map_err(failure)?;
        }
        session
            .db
            .delete(PINS, &Pin::key(&session, &service.name, &root))?;
    }
    let key = Service::key(&session, &service.name);
    session.db.delete(PIN_SERVICES, &key)?;
    view(&session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_a_key() {
        for (url, shown) in [
            ("https://pin.example/psa?key=1", "https://pin.example"),
            ("http://u:p@127.0.0.1:5001/x", "http://127.0.0.1:5001"),
        ] {
            assert_eq!(origin(url), shown);
        }
    }
}
