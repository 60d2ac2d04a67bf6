use std::collections::{HashMap, HashSet, VecDeque};

use dhc_domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::message::KeyId;

/// Seconds between two secrets. A cookie is good for one to two of these.
pub(crate) const ROTATION_S: u64 = 60;

/// Makes and knows again stateless cookies: HMAC-SHA256(secret, peer ‖ CKY-I). Who floods us with
/// beginnings costs us one HMAC each and no memory.
pub(crate) struct CookieJar {
    current: Zeroizing<[u8; 32]>,
    previous: Zeroizing<[u8; 32]>,
    rotated: Timestamp,
}

impl CookieJar {
    pub(crate) fn new(now: Timestamp, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self {
            current: secret(rng),
            previous: secret(rng),
            rotated: now,
        }
    }

    pub(crate) fn rotate(&mut self, now: Timestamp, rng: &mut (impl CryptoRng + ?Sized)) {
        // A clock set back counts as long ago: the next cookies are good again at once.
        let age = now.0.checked_sub(self.rotated.0).unwrap_or(u64::MAX);
        if age < ROTATION_S {
            return;
        }
        let previous = if age < 2 * ROTATION_S {
            self.current.clone()
        } else {
            secret(rng)
        };
        *self = Self {
            previous,
            current: secret(rng),
            rotated: now,
        };
    }

    pub(crate) fn bake(&self, peer: &[u8], initiator: &[u8; 32]) -> [u8; 32] {
        bake(&self.current, peer, initiator)
            .finalize()
            .into_bytes()
            .into()
    }

    pub(crate) fn knows(&self, peer: &[u8], id: &KeyId) -> bool {
        [&self.current, &self.previous].into_iter().any(|secret| {
            bake(secret, peer, &id.initiator)
                .verify_slice(&id.responder)
                .is_ok()
        })
    }
}

fn secret(rng: &mut (impl CryptoRng + ?Sized)) -> Zeroizing<[u8; 32]> {
    let mut secret = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *secret);
    secret
}

fn bake(secret: &[u8; 32], peer: &[u8], initiator: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(secret)
        .expect("HMAC takes a key of any length")
        .chain_update((peer.len() as u64).to_be_bytes())
        .chain_update(peer)
        .chain_update(initiator)
}

/// Remembers exchanges that were authorised for as long as their cookies may be good.
#[derive(Default)]
pub(crate) struct ReplayCache {
    seen: HashSet<KeyId>,
    by_age: VecDeque<(Timestamp, KeyId)>,
}

impl ReplayCache {
    /// An entry is of a grantee; more of them at once are not served.
    const CAPACITY: usize = 1 << 16;

    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.by_age.front()
            && at.plus(2 * ROTATION_S) < now
        {
            self.seen.remove(id);
            self.by_age.pop_front();
        }
    }

    pub(crate) fn has(&self, id: &KeyId) -> bool {
        self.seen.contains(id)
    }

    /// `false` when there is no room.
    pub(crate) fn remember(&mut self, id: KeyId, now: Timestamp) -> bool {
        if self.seen.len() >= Self::CAPACITY {
            return false;
        }
        if self.seen.insert(id) {
            self.by_age.push_back((now, id));
        }
        true
    }
}

/// Exchanges between Reply and Confirm.
pub(crate) struct Pending<T>(HashMap<KeyId, (Timestamp, T)>);

impl<T> Pending<T> {
    const CAPACITY: usize = 256;
    /// Seconds that a peer has for its Confirm.
    const LIFE_S: u64 = 60;

    pub(crate) fn new() -> Self {
        Self(HashMap::new())
    }

    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        self.0.retain(|_, (at, _)| now <= at.plus(Self::LIFE_S));
    }

    pub(crate) fn has_room(&self) -> bool {
        self.0.len() < Self::CAPACITY
    }

    pub(crate) fn insert(&mut self, id: KeyId, now: Timestamp, value: T) {
        self.0.insert(id, (now, value));
    }

    pub(crate) fn take(&mut self, id: &KeyId) -> Option<T> {
        self.0.remove(id).map(|(_, value)| value)
    }
}
