//! Fetches frames: the one that is shown first, its neighbours ahead of time, a few at once.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use dhc_ipc::{Code, Failure};
use wasm_bindgen_futures::spawn_local;

use super::cache::Cache;
use super::frame::Frame;
use crate::backend::Transport;

/// A frame by its series and its place in it.
pub type Key = (u32, u32);

/// Memory for frames, bytes.
const MOST: usize = 256 << 20;
/// Requests under way at once.
const AT_ONCE: usize = 4;

#[derive(Clone)]
pub struct Loader(Rc<RefCell<Inner>>);

struct Inner {
    transport: Transport,
    profile: String,
    film: String,
    cache: Cache<Key, Rc<Frame>>,
    waiting: VecDeque<Key>,
    under_way: HashSet<Key>,
    failed: HashMap<Key, Failure>,
    arrived: Rc<dyn Fn()>,
}

impl Loader {
    /// `arrived` is called after each frame that came, or did not.
    pub fn new(
        transport: Transport,
        profile: String,
        film: String,
        arrived: impl Fn() + 'static,
    ) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            transport,
            profile,
            film,
            cache: Cache::new(MOST),
            waiting: VecDeque::new(),
            under_way: HashSet::new(),
            failed: HashMap::new(),
            arrived: Rc::new(arrived),
        })))
    }

    pub fn get(&self, key: Key) -> Option<Rc<Frame>> {
        self.0.borrow_mut().cache.get(key)
    }

    pub fn failure(&self, key: Key) -> Option<Failure> {
        self.0.borrow().failed.get(&key).cloned()
    }

    /// Forgets a failure, so that the frame is asked for again.
    pub fn retry(&self, key: Key) {
        self.0.borrow_mut().failed.remove(&key);
    }

    /// Asks for these frames, the first first; what was asked for before and has not begun is
    /// given up.
    pub fn want(&self, keys: impl IntoIterator<Item = Key>) {
        {
            let mut inner = self.0.borrow_mut();
            let Inner {
                cache,
                under_way,
                failed,
                waiting,
                ..
            } = &mut *inner;
            *waiting = keys
                .into_iter()
                .filter(|key| {
                    !cache.contains(*key) && !under_way.contains(key) && !failed.contains_key(key)
                })
                .collect();
        }
        self.pump();
    }

    fn pump(&self) {
        loop {
            let mut inner = self.0.borrow_mut();
            if inner.under_way.len() >= AT_ONCE {
                return;
            }
            let Some(key) = inner.waiting.pop_front() else {
                return;
            };
            inner.under_way.insert(key);
            drop(inner);
            let loader = self.clone();
            spawn_local(async move { loader.fetch(key).await });
        }
    }

    async fn fetch(&self, key: Key) {
        let (transport, profile, film) = {
            let inner = self.0.borrow();
            (inner.transport, inner.profile.clone(), inner.film.clone())
        };
        let answer = transport.frame(&profile, &film, key.0, key.1).await;
        let answer = answer.and_then(|buffer| {
            Frame::read(buffer).ok_or_else(|| {
                Failure::new(Code::ContentCorrupt, "a frame that does not fit its header")
            })
        });
        let arrived = {
            let mut inner = self.0.borrow_mut();
            inner.under_way.remove(&key);
            match answer {
                Ok(frame) => {
                    let bytes = frame.bytes();
                    inner.cache.put(key, Rc::new(frame), bytes);
                }
                Err(failure) => {
                    inner.failed.insert(key, failure);
                }
            }
            inner.arrived.clone()
        };
        self.pump();
        arrived();
    }
}
