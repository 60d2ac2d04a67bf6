//! The blocks being waited for: who was asked, who failed, and when to give up. No I/O here;
//! time and byte counts are given.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    time::{Duration, Instant},
};

use libp2p::PeerId;

use super::contact::Contact;

/// Fewer bytes than this since the last look are the connection's own chatter.
const PROGRESS: u64 = 16 << 10;

/// How many times its patience a node waits while bytes come and no block: a mebibyte in five
/// minutes, or chatter.
const WITHOUT_A_BLOCK: u32 = 15;

/// Times that a lost connection is dialled anew for one block.
const REDIALS: u8 = 3;

/// One block that somebody waits for.
#[derive(Debug)]
pub(super) struct Fetch<R> {
    /// Who is to be told.
    pub reply: R,
    /// Blocks unasked for that had come when this began.
    pub strangers: u64,
    from: Vec<Contact>,
    failed: HashSet<PeerId>,
    redials: u8,
    since: Instant,
}

impl<R> Fetch<R> {
    pub fn new(reply: R, from: Vec<Contact>, strangers: u64, since: Instant) -> Self {
        Self {
            reply,
            strangers,
            from,
            failed: HashSet::new(),
            redials: 0,
            since,
        }
    }

    fn out_of_peers(&self) -> bool {
        !self.from.is_empty()
            && self
                .from
                .iter()
                .all(|contact| self.failed.contains(&contact.peer))
    }
}

/// The open fetches of a node, by the id of their query.
#[derive(Debug)]
pub(super) struct Fetches<K, R> {
    open: HashMap<K, Fetch<R>>,
    patience: Duration,
    progress: Instant,
    block: Instant,
    received: u64,
}

impl<K: Copy + Eq + Hash, R> Fetches<K, R> {
    /// `patience`: how long nothing may come before a fetch is given up.
    pub fn new(patience: Duration, now: Instant) -> Self {
        Self {
            open: HashMap::new(),
            patience,
            progress: now,
            block: now,
            received: 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub fn begin(&mut self, query: K, fetch: Fetch<R>) {
        self.open.insert(query, fetch);
    }

    /// A query has its answer, or an error of its own.
    pub fn finish(&mut self, query: K, now: Instant) -> Option<Fetch<R>> {
        self.progress = now;
        self.block = now;
        self.open.remove(&query)
    }

    /// A peer could not be dialled. Returns the fetches with nobody left to ask.
    pub fn peer_failed(&mut self, peer: PeerId) -> Vec<(K, Fetch<R>)> {
        for fetch in self.open.values_mut() {
            fetch.failed.insert(peer);
        }
        self.take(|fetch| fetch.out_of_peers())
    }

    /// A peer is connected: what is said of it before is void.
    pub fn peer_connected(&mut self, peer: PeerId) {
        for fetch in self.open.values_mut() {
            fetch.failed.remove(&peer);
        }
    }

    /// A connection was lost. Returns where to dial the peer again, if a fetch still counts on it.
    pub fn peer_lost(&mut self, peer: PeerId) -> Option<Contact> {
        let mut again = None;
        for fetch in self
            .open
            .values_mut()
            .filter(|fetch| fetch.redials < REDIALS)
        {
            if let Some(contact) = fetch.from.iter().find(|contact| contact.peer == peer) {
                fetch.redials += 1;
                again = Some(contact.clone());
            }
        }
        again
    }

    /// Fetches for which nothing has come in a while, or bytes but no block in a long one, given the bytes the node has received.
    pub fn overdue(&mut self, received: u64, now: Instant) -> Vec<(K, Fetch<R>)> {
        if received.saturating_sub(self.received) >= PROGRESS {
            self.received = received;
            self.progress = now;
        }
        let (progress, block, patience) = (self.progress, self.block, self.patience);
        self.take(|fetch| {
            now.duration_since(fetch.since.max(progress)) >= patience
                || now.duration_since(fetch.since.max(block)) >= patience * WITHOUT_A_BLOCK
        })
    }

    /// Fetches that match.
    pub fn take(&mut self, mut matches: impl FnMut(&Fetch<R>) -> bool) -> Vec<(K, Fetch<R>)> {
        self.open.extract_if(|_, fetch| matches(fetch)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn second(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn contact() -> Contact {
        Contact {
            peer: PeerId::random(),
            addresses: Vec::new(),
        }
    }

    fn fetches(from: &[Contact]) -> (Fetches<u32, ()>, Instant) {
        let start = Instant::now();
        let mut fetches = Fetches::new(PATIENCE, start);
        fetches.begin(1, Fetch::new((), from.to_vec(), 0, start));
        (fetches, start)
    }

    #[test]
    fn a_fetch_fails_when_the_last_of_its_peers_has_failed() {
        let (a, b) = (contact(), contact());
        let (mut fetches, _) = fetches(&[a.clone(), b.clone()]);
        assert!(fetches.peer_failed(a.peer).is_empty());
        assert_eq!(fetches.peer_failed(b.peer).len(), 1);
        assert!(fetches.is_empty());
    }

    #[test]
    fn a_peer_that_connects_after_all_counts_again() {
        let (a, b) = (contact(), contact());
        let (mut fetches, _) = fetches(&[a.clone(), b.clone()]);
        fetches.peer_failed(a.peer);
        fetches.peer_connected(a.peer);
        assert!(fetches.peer_failed(b.peer).is_empty());
    }

    #[test]
    fn a_fetch_without_hints_does_not_fail_with_strangers() {
        let (mut fetches, _) = fetches(&[]);
        assert!(fetches.peer_failed(PeerId::random()).is_empty());
    }

    #[test]
    fn nothing_received_is_overdue_and_a_slow_link_is_not() {
        let (mut fetches, start) = fetches(&[contact()]);
        assert!(fetches.overdue(0, start + second(19)).is_empty());
        assert!(fetches.overdue(PROGRESS, start + second(19)).is_empty());
        assert!(fetches.overdue(PROGRESS, start + second(38)).is_empty());
        // Pings and the like.
        assert!(
            fetches
                .overdue(PROGRESS + 200, start + second(38))
                .is_empty()
        );
        assert_eq!(fetches.overdue(PROGRESS + 200, start + second(39)).len(), 1);
    }

    #[test]
    fn bytes_without_a_block_are_waited_for_so_long() {
        let (mut fetches, start) = fetches(&[contact()]);
        let (mut received, mut at) = (0, 0);
        let given_up = loop {
            received += PROGRESS;
            at += 10;
            if !fetches.overdue(received, start + second(at)).is_empty() {
                break at;
            }
        };
        assert_eq!(given_up, 300);
    }

    #[test]
    fn another_block_that_arrives_is_progress() {
        let (mut fetches, start) = fetches(&[contact()]);
        fetches.begin(2, Fetch::new((), Vec::new(), 0, start));
        assert!(fetches.finish(2, start + second(15)).is_some());
        assert!(fetches.overdue(0, start + second(34)).is_empty());
        assert_eq!(fetches.overdue(0, start + second(35)).len(), 1);
    }

    #[test]
    fn a_lost_peer_is_dialled_again_a_few_times() {
        let a = contact();
        let (mut fetches, _) = fetches(std::slice::from_ref(&a));
        assert_eq!(fetches.peer_lost(PeerId::random()), None);
        for _ in 0..REDIALS {
            assert_eq!(fetches.peer_lost(a.peer), Some(a.clone()));
        }
        assert_eq!(fetches.peer_lost(a.peer), None);
    }
}
