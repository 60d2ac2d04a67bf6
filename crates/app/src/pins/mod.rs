//! Pinning services, and a journal of what each keeps. Only a service's own answer makes an object
//! pinned there; only blocks that came make it retrievable.

mod services;

use std::time::Duration;

use cid::Cid;
use dhc_domain::Timestamp;
use dhc_ipc::{Code, Failure, PinServicesView, PinStage, PinView, ProbeView};
use serde::{Deserialize, Serialize};
pub use services::{Service, add, remove, services, view};

use crate::{
    failure::{exchange_failure, store_failure},
    job::Job,
    objects::parse_cid,
    ports::{Home, Parcel, PeerHint, PinError, PinService, PinState, PinStatus},
    profile::{Profile, Session},
    records::{self, Record},
    sealed::PINS,
    tree::Tree,
};

/// Addresses that a note or a view has room for.
const ADDRESSES: usize = 2;
/// For a service to fetch what it took on: a minute, and a second for each block.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a service that fetches is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Blocks that a stranger asks for to learn whether an object can be had.
const SAMPLE: usize = 6;

/// An object at a service.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pin {
    service: String,
    root: String,
    status: PinStatus,
    asked: Option<Timestamp>,
    failed: Option<Code>,
    probe: Option<Probe>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Probe {
    time: Timestamp,
    sampled: u32,
    failed: Option<Code>,
}

fn failure(e: PinError) -> Failure {
    match e {
        PinError::Unreachable(_) => Failure::new(Code::PinUnreachable, e.to_string()),
        PinError::Refused(_) => Failure::new(Code::PinRefused, e.to_string()),
        PinError::Store(e) => store_failure(e),
    }
}

impl Pin {
    fn key(session: &Session, service: &str, root: &Cid) -> [u8; 32] {
        session.blind(&format!("pin {service} {root}"))
    }

    fn of(session: &Session, service: &str, root: &Cid) -> Result<Self, Failure> {
        let kept = session.db.get(PINS, &Self::key(session, service, root))?;
        Ok(kept.unwrap_or_else(|| Self {
            service: service.to_owned(),
            root: root.to_string(),
            status: PinStatus::Absent,
            asked: None,
            failed: None,
            probe: None,
        }))
    }

    fn put(&self, session: &Session, root: &Cid) -> Result<(), Failure> {
        session
            .db
            .put(PINS, &Self::key(session, &self.service, root), self)
    }

    pub fn is_pinned(&self) -> bool {
        self.status == PinStatus::Pinned
    }

    /// When a sample was last handed out, if the last one was.
    pub fn retrieved(&self) -> Option<Timestamp> {
        let probe = self.probe.as_ref()?;
        probe.failed.is_none().then_some(probe.time)
    }

    pub fn view(&self) -> PinView {
        PinView {
            service: self.service.clone(),
            status: match self.status {
                PinStatus::Absent => PinStage::Absent,
                PinStatus::Queued => PinStage::Queued,
                PinStatus::Pinning => PinStage::Pinning,
                PinStatus::Pinned => PinStage::Pinned,
                PinStatus::Failed => PinStage::Failed,
            },
            asked: self.asked.map(|t| t.to_string()),
            code: self.failed,
            probe: self.probe.as_ref().map(|p| ProbeView {
                time: p.time.to_string(),
                sampled: p.sampled,
                code: p.failed,
            }),
        }
    }
}

/// What is known of an object at each service.
pub fn of_root(session: &Session, root: &Cid) -> Result<Vec<Pin>, Failure> {
    services(session)?
        .iter()
        .map(|service| Pin::of(session, &service.name, root))
        .collect()
}

/// Nodes of the services: who to ask for own objects.
pub fn peers(session: &Session) -> Result<Vec<PeerHint>, Failure> {
    let services = services(session)?.into_iter();
    Ok(merged(services.flat_map(|service| service.peers)))
}

/// Nodes that keep all of these objects, in the form that fits a note: one of each service, a few
/// of its addresses.
pub fn keepers(session: &Session, records: &[Record]) -> Result<Vec<PeerHint>, Failure> {
    let mut keepers = Vec::new();
    for service in services(session)? {
        let mut all = true;
        for record in records {
            all &= Pin::of(session, &service.name, &parse_cid(&record.cid)?)?.is_pinned();
        }
        keepers.extend(service.peers.first().filter(|_| all).map(|peer| PeerHint {
            peer: peer.peer.clone(),
            addresses: peer.addresses.iter().take(ADDRESSES).cloned().collect(),
        }));
    }
    Ok(keepers)
}

/// Nodes that hand out an object: those that the services name for it, and all others known.
pub async fn who_has(
    profile: &Profile,
    session: &Session,
    root: &Cid,
) -> Result<Vec<PeerHint>, Failure> {
    for mut service in services(session)? {
        let looked = look(&profile.home, &service.speaks(), root).await;
        if let Ok(state) = &looked {
            learn(&mut service, state);
            service.put(session)?;
        }
        let answer = looked.map(|state| state.status);
        noted(profile, session, &service, root, &answer)?;
    }
    peers(session)
}

fn merged(peers: impl IntoIterator<Item = PeerHint>) -> Vec<PeerHint> {
    let mut merged: Vec<PeerHint> = Vec::new();
    for peer in peers {
        if !merged.contains(&peer) {
            merged.push(peer);
        }
    }
    merged
}

/// Has every record pinned at every service that does not keep it. What fails is noted, and asked
/// for again the next time.
pub async fn sync(profile: &Profile, job: &Job) -> Result<PinServicesView, Failure> {
    let session = profile.session()?;
    let records = records::all(&session)?;
    send(profile, &session, &records, job).await?;
    job.changed();
    view(&session)
}

/// As [`sync`], of some records.
pub async fn send(
    profile: &Profile,
    session: &Session,
    records: &[Record],
    job: &Job,
) -> Result<(), Failure> {
    for mut service in services(session)? {
        service.failed = None;
        for record in records {
            job.go_on()?;
            // Locked meanwhile: the next unlocking goes on.
            profile.session()?;
            let root = parse_cid(&record.cid)?;
            let answer = settle(profile, &mut service, root, job).await;
            let pin = noted(profile, session, &service, &root, &answer)?;
            if let Err(e) = &answer {
                tracing::warn!(code = %e.code, "a pinning service does not keep a record yet");
                service.failed = pin.failed;
                // Nobody answers for the next record either.
                if e.code == Code::PinUnreachable {
                    break;
                }
            }
        }
        service.put(session)?;
    }
    Ok(())
}

fn noted(
    profile: &Profile,
    session: &Session,
    service: &Service,
    root: &Cid,
    answer: &Result<PinStatus, Failure>,
) -> Result<Pin, Failure> {
    let mut pin = Pin::of(session, &service.name, root)?;
    match answer {
        Ok(status) => {
            pin.status = *status;
            pin.asked = Some(profile.clock.now());
            pin.failed = None;
        }
        Err(e) => pin.failed = Some(e.code),
    }
    pin.put(session, root)?;
    Ok(pin)
}

/// Asks what a service has of an object, and has it pinned if it has not.
async fn settle(
    profile: &Profile,
    service: &mut Service,
    root: Cid,
    job: &Job,
) -> Result<PinStatus, Failure> {
    let (home, speaks) = (&profile.home, service.speaks());
    let mut state = look(home, &speaks, &root).await?;
    learn(service, &state);
    if state.status == PinStatus::Pinned {
        return Ok(state.status);
    }
    let tree = Tree::local(&home.blocks, root).await?.ok_or_else(|| {
        Failure::new(
            Code::ContentUnavailable,
            "the object is not whole on this device",
        )
    })?;
    let parcel = Parcel {
        root,
        origin: home.channel.here().await.map_err(exchange_failure)?,
        connected: reach(profile, &service.peers).await,
        all: tree.all(),
        blocks: home.blocks.clone(),
    };
    state = home.pinning.pin(&speaks, &parcel).await.map_err(failure)?;
    learn(service, &state);
    reach(profile, &service.peers).await;
    let until =
        tokio::time::Instant::now() + PATIENCE + Duration::from_secs(tree.all().len() as u64);
    while matches!(state.status, PinStatus::Queued | PinStatus::Pinning)
        && tokio::time::Instant::now() < until
    {
        job.go_on()?;
        tokio::time::sleep(LOOK).await;
        state = look(home, &speaks, &root).await?;
        learn(service, &state);
    }
    Ok(state.status)
}

async fn look(home: &Home, service: &PinService, root: &Cid) -> Result<PinState, Failure> {
    home.pinning.look(service, root).await.map_err(failure)
}

fn learn(service: &mut Service, state: &PinState) {
    if !state.peers.is_empty() {
        service.peers.clone_from(&state.peers);
    }
}

/// Connects to a service's nodes, so that they can fetch although they could not dial this one.
async fn reach(profile: &Profile, peers: &[PeerHint]) -> bool {
    let mut reached = false;
    for peer in peers {
        reached |= profile.home.blocks.reach(peer).await.is_ok();
    }
    reached
}

/// Asks every service about an object now, and has each that keeps it hand out a sample.
pub async fn check(profile: &Profile, session: &Session, root: Cid) -> Result<(), Failure> {
    for mut service in services(session)? {
        let looked = look(&profile.home, &service.speaks(), &root).await;
        if let Ok(state) = &looked {
            learn(&mut service, state);
            service.put(session)?;
        }
        let answer = looked.map(|state| state.status);
        let mut pin = noted(profile, session, &service, &root, &answer)?;
        if !service.peers.is_empty() {
            pin.probe = Some(probe(profile, &service.peers, root).await);
            pin.put(session, &root)?;
        }
    }
    Ok(())
}

/// Asks as a stranger for the root and random blocks below it.
async fn probe(profile: &Profile, peers: &[PeerHint], root: Cid) -> Probe {
    let all = match Tree::local(&profile.home.blocks, root).await {
        Ok(Some(tree)) => tree.all(),
        // What is not here can still be had elsewhere: its root shows.
        _ => vec![root],
    };
    let mut sample = vec![root];
    while sample.len() < all.len().min(SAMPLE) {
        let draw = u64::from_be_bytes(profile.rng.array::<8>()) % all.len() as u64;
        let cid = all[draw as usize];
        if !sample.contains(&cid) {
            sample.push(cid);
        }
    }
    let served = profile.home.blocks.probe(&sample, peers).await;
    Probe {
        time: profile.clock.now(),
        sampled: sample.len() as u32,
        failed: served.err().map(|e| crate::objects::fetch_failure(e).code),
    }
}
