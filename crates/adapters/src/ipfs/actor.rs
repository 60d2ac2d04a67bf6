//! The task that owns the swarm.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use beetswap::QueryId;
use bytes::Bytes;
use cid::Cid;
use dhc_app::ports::{ExchangeError, PeerHint, Responder};
use futures::StreamExt;
use libp2p::{
    PeerId, Swarm, ping,
    request_response::{self, OutboundRequestId, ResponseChannel},
    swarm::{
        ConnectionId, DialError, SwarmEvent,
        dial_opts::{DialOpts, PeerCondition},
    },
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{
    behaviour::{Behaviour, BehaviourEvent, Gauges},
    contact::Contact,
    fetches::{Fetch, Fetches},
    letter::LetterCodec,
};

/// Letters of other peers that are being answered.
const MAX_ANSWERS: usize = 64;

/// How often fetches are looked at for progress.
const LOOK: Duration = Duration::from_millis(250);

pub(super) type Reply<T> = oneshot::Sender<Result<T, ExchangeError>>;

/// What the node's handle asks of it.
pub(super) enum Command {
    Fetch {
        cid: Cid,
        from: Vec<Contact>,
        reply: Reply<Bytes>,
    },
    Ask {
        about: Matter,
        peer: Contact,
        letter: Vec<u8>,
        reply: Reply<Vec<u8>>,
    },
    Reach {
        contact: Contact,
        reply: Reply<()>,
    },
    AnswerWith(Matter, Option<Arc<dyn Responder>>),
    Here(oneshot::Sender<PeerHint>),
    Connected(oneshot::Sender<u32>),
}

/// What a letter is about: each matter has its protocol and who answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Matter {
    Keys,
    Errands,
}

struct Letter {
    about: Matter,
    bytes: Vec<u8>,
    reply: Reply<Vec<u8>>,
}

struct Answer {
    about: Matter,
    channel: ResponseChannel<Vec<u8>>,
    letter: Option<Vec<u8>>,
}

pub(super) struct Actor {
    swarm: Swarm<Behaviour>,
    gauges: Gauges,
    fetches: Fetches<QueryId, Reply<Bytes>>,
    /// Letters that wait for a connection.
    unsent: HashMap<PeerId, Vec<Letter>>,
    /// Who waits for a connection itself.
    reaching: HashMap<PeerId, Vec<Reply<()>>>,
    sent: HashMap<(Matter, OutboundRequestId), Reply<Vec<u8>>>,
    responders: HashMap<Matter, Arc<dyn Responder>>,
    answers: JoinSet<Answer>,
}

impl Actor {
    pub fn new(swarm: Swarm<Behaviour>, gauges: Gauges, patience: Duration) -> Self {
        Self {
            swarm,
            gauges,
            fetches: Fetches::new(patience, Instant::now()),
            unsent: HashMap::new(),
            reaching: HashMap::new(),
            sent: HashMap::new(),
            responders: HashMap::new(),
            answers: JoinSet::new(),
        }
    }

    /// Runs until the last handle is gone.
    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                event = self.swarm.select_next_some() => self.handle(event),
                Some(answer) = self.answers.join_next() => {
                    // A responder that panicked has answered nothing; its channel is closed.
                    if let Ok(answer) = answer {
                        self.answered(answer);
                    }
                }
                _ = look.tick(), if !self.fetches.is_empty() => self.look(Instant::now()),
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Fetch { cid, from, reply } => self.fetch(cid, from, reply),
            Command::Ask {
                about,
                peer,
                letter,
                reply,
            } => self.ask(
                peer,
                Letter {
                    about,
                    bytes: letter,
                    reply,
                },
            ),
            Command::Reach { contact, reply } => self.reach(contact, reply),
            Command::AnswerWith(about, Some(responder)) => {
                self.responders.insert(about, responder);
            }
            Command::AnswerWith(about, None) => {
                self.responders.remove(&about);
            }
            Command::Here(reply) => tell(reply, self.here()),
            Command::Connected(reply) => tell(reply, self.swarm.connected_peers().count() as u32),
        }
    }

    fn here(&self) -> PeerHint {
        PeerHint {
            peer: self.swarm.local_peer_id().to_string(),
            addresses: self.swarm.listeners().map(ToString::to_string).collect(),
        }
    }

    fn fetch(&mut self, cid: Cid, from: Vec<Contact>, reply: Reply<Bytes>) {
        if from.is_empty() && self.swarm.connected_peers().next().is_none() {
            tell(reply, Err(ExchangeError::Unavailable));
            return;
        }
        // Bitswap would count on an earlier request for the same block that the peer has dropped.
        self.sweep();
        self.gauges.wanted.want(&cid);
        let query = self.swarm.behaviour_mut().bitswap.get(&cid);
        let strangers = self.gauges.wanted.strangers();
        self.fetches.begin(
            query,
            Fetch::new(reply, from.clone(), strangers, Instant::now()),
        );
        for contact in from {
            self.connect(contact);
        }
    }

    fn ask(&mut self, to: Contact, letter: Letter) {
        let peer = to.peer;
        if self.swarm.is_connected(&peer) {
            self.send(peer, letter);
        } else {
            self.unsent.entry(peer).or_default().push(letter);
            self.connect(to);
        }
    }

    fn reach(&mut self, contact: Contact, reply: Reply<()>) {
        if self.swarm.is_connected(&contact.peer) {
            tell(reply, Ok(()));
        } else {
            self.reaching.entry(contact.peer).or_default().push(reply);
            self.connect(contact);
        }
    }

    fn send(&mut self, peer: PeerId, letter: Letter) {
        let request = self.post(letter.about).send_request(&peer, letter.bytes);
        self.sent.insert((letter.about, request), letter.reply);
    }

    fn post(&mut self, about: Matter) -> &mut request_response::Behaviour<LetterCodec> {
        let behaviour = self.swarm.behaviour_mut();
        match about {
            Matter::Keys => &mut behaviour.keys,
            Matter::Errands => &mut behaviour.errands,
        }
    }

    /// Dials a peer unless it is connected or being dialled.
    fn connect(&mut self, contact: Contact) {
        let peer = contact.peer;
        let dial = DialOpts::peer_id(peer)
            .addresses(contact.addresses)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            // A source port that is also listened on cannot be used twice in a minute.
            .allocate_new_port()
            .build();
        match self.swarm.dial(dial) {
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => {}
            Err(_) => self.unreachable(peer),
        }
    }

    fn unreachable(&mut self, peer: PeerId) {
        for reply in self.reaching.remove(&peer).unwrap_or_default() {
            tell(reply, Err(ExchangeError::Unreachable));
        }
        for letter in self.unsent.remove(&peer).unwrap_or_default() {
            tell(letter.reply, Err(ExchangeError::Unreachable));
        }
        for (query, fetch) in self.fetches.peer_failed(peer) {
            self.give_up(query, fetch, ExchangeError::Unreachable);
        }
    }

    fn give_up(&mut self, query: QueryId, fetch: Fetch<Reply<Bytes>>, error: ExchangeError) {
        self.swarm.behaviour_mut().bitswap.cancel(query);
        tell(fetch.reply, Err(error));
        self.forget_wanted();
    }

    fn forget_wanted(&self) {
        if self.fetches.is_empty() {
            self.gauges.wanted.clear();
        }
    }

    /// Ends the fetches that nobody waits for any more.
    fn sweep(&mut self) {
        for (query, fetch) in self.fetches.take(|fetch| fetch.reply.is_closed()) {
            self.give_up(query, fetch, ExchangeError::Unavailable);
        }
    }

    fn look(&mut self, now: Instant) {
        self.sweep();
        let strangers = self.gauges.wanted.strangers();
        for (query, fetch) in self.fetches.overdue(self.gauges.received.bytes(), now) {
            let error = if strangers > fetch.strangers {
                ExchangeError::Corrupt
            } else {
                ExchangeError::Unavailable
            };
            self.give_up(query, fetch, error);
        }
    }

    fn handle(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Bitswap(event)) => self.bitswap(event),
            SwarmEvent::Behaviour(BehaviourEvent::Keys(event)) => self.letter(Matter::Keys, event),
            SwarmEvent::Behaviour(BehaviourEvent::Errands(event)) => {
                self.letter(Matter::Errands, event);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                connection,
                result: Err(failure),
                ..
            })) => {
                self.ping_failed(connection, &failure);
            }
            SwarmEvent::ConnectionEstablished { peer_id, .. } => {
                self.fetches.peer_connected(peer_id);
                for reply in self.reaching.remove(&peer_id).unwrap_or_default() {
                    tell(reply, Ok(()));
                }
                for letter in self.unsent.remove(&peer_id).unwrap_or_default() {
                    self.send(peer_id, letter);
                }
            }
            SwarmEvent::OutgoingConnectionError {
                peer_id: Some(peer),
                error,
                ..
            } => {
                tracing::debug!(%error, "a peer could not be dialled");
                if !self.swarm.is_connected(&peer) {
                    self.unreachable(peer);
                }
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                num_established: 0,
                ..
            } => {
                if let Some(contact) = self.fetches.peer_lost(peer_id) {
                    self.connect(contact);
                }
            }
            _ => {}
        }
    }

    fn ping_failed(&mut self, connection: ConnectionId, failure: &ping::Failure) {
        if !matches!(failure, ping::Failure::Unsupported) {
            self.swarm.close_connection(connection);
        }
    }

    fn bitswap(&mut self, event: beetswap::Event) {
        let (query, outcome) = match event {
            beetswap::Event::GetQueryResponse { query_id, data } => {
                (query_id, Ok(Bytes::from(data)))
            }
            beetswap::Event::GetQueryError { query_id, error } => {
                tracing::debug!(%error, "bitswap cannot ask for a block");
                (query_id, Err(ExchangeError::Unavailable))
            }
        };
        if let Some(fetch) = self.fetches.finish(query, Instant::now()) {
            tell(fetch.reply, outcome);
            self.forget_wanted();
        }
    }

    fn letter(&mut self, about: Matter, event: request_response::Event<Vec<u8>, Vec<u8>>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                request_response::Message::Request {
                    request, channel, ..
                } => {
                    self.answer(about, peer, request, channel);
                }
                request_response::Message::Response {
                    request_id,
                    response,
                } => {
                    if let Some(reply) = self.sent.remove(&(about, request_id)) {
                        tell(reply, Ok(response));
                    }
                }
            },
            request_response::Event::OutboundFailure {
                request_id, error, ..
            } => {
                tracing::debug!(%error, "a letter was not answered");
                if let Some(reply) = self.sent.remove(&(about, request_id)) {
                    tell(reply, Err(ExchangeError::Unreachable));
                }
            }
            request_response::Event::InboundFailure { .. }
            | request_response::Event::ResponseSent { .. } => {}
        }
    }

    /// Lets the responder answer in a task of its own. Dropping the channel refuses.
    fn answer(
        &mut self,
        about: Matter,
        peer: PeerId,
        letter: Vec<u8>,
        channel: ResponseChannel<Vec<u8>>,
    ) {
        let Some(responder) = self
            .responders
            .get(&about)
            .cloned()
            .filter(|_| self.answers.len() < MAX_ANSWERS)
        else {
            return;
        };
        self.answers.spawn(async move {
            let letter = responder.respond(&peer.to_string(), letter).await;
            Answer {
                about,
                channel,
                letter,
            }
        });
    }

    fn answered(&mut self, answer: Answer) {
        if let Some(letter) = answer.letter {
            // The asker may have gone meanwhile.
            let _ = self
                .post(answer.about)
                .send_response(answer.channel, letter);
        }
    }
}

fn tell<T>(reply: oneshot::Sender<T>, answer: T) {
    // Whoever no longer waits for an answer needs none.
    let _ = reply.send(answer);
}
