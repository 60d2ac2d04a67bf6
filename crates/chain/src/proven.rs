//! What was proven a moment ago need not be asked again: values by height, store and key.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use dhc_domain::Height;

use crate::{proof::keys::StateKey, reads::StateAt};

/// Bytes of keys and values that are kept at most; the oldest states go first.
const KEPT_BYTES: usize = 4 << 20;
/// What an entry takes beside its bytes, about.
const OVERHEAD: usize = 128;

type Value = Option<Vec<u8>>;

/// Proven values only: nothing comes in here that did not verify under the app hash beside it.
#[derive(Default)]
pub(crate) struct ProvenValues(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    states: BTreeMap<Height, State>,
    bytes: usize,
}

struct State {
    app_hash: Vec<u8>,
    values: HashMap<StateKey, Value>,
    bytes: usize,
}

impl ProvenValues {
    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Those of `keys` whose value in this state is known.
    pub(crate) fn find<'a>(
        &self,
        state: &StateAt,
        keys: &'a [StateKey],
    ) -> HashMap<&'a StateKey, Value> {
        self.with(|kept| match kept.states.get(&state.height) {
            Some(known) if known.app_hash == state.app_hash => keys
                .iter()
                .filter_map(|key| Some((key, known.values.get(key)?.clone())))
                .collect(),
            _ => HashMap::new(),
        })
    }

    pub(crate) fn keep<'a>(
        &self,
        state: &StateAt,
        values: impl Iterator<Item = (&'a StateKey, &'a Value)>,
    ) {
        self.with(|kept| {
            kept.open(state);
            for (key, value) in values {
                kept.add(state.height, key, value);
            }
            kept.shrink();
        });
    }
}

impl Kept {
    /// Makes room for a state. Another one of the same height belonged to a branch that was left.
    fn open(&mut self, state: &StateAt) {
        let known = self.states.get(&state.height);
        if known.is_some_and(|known| known.app_hash == state.app_hash) {
            return;
        }
        let fresh = State {
            app_hash: state.app_hash.clone(),
            values: HashMap::new(),
            bytes: 0,
        };
        if let Some(left) = self.states.insert(state.height, fresh) {
            self.bytes -= left.bytes;
        }
    }

    fn add(&mut self, height: Height, key: &StateKey, value: &Value) {
        let bytes = OVERHEAD + key.key.len() + value.as_ref().map_or(0, Vec::len);
        let Some(state) = self.states.get_mut(&height) else {
            return;
        };
        if state.values.insert(key.clone(), value.clone()).is_none() {
            state.bytes += bytes;
            self.bytes += bytes;
        }
    }

    fn shrink(&mut self) {
        while self.bytes > KEPT_BYTES
            && let Some((_, oldest)) = self.states.pop_first()
        {
            self.bytes -= oldest.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use dhc_domain::Timestamp;

    use super::*;

    fn state(height: u64, app_hash: u8) -> StateAt {
        StateAt {
            height: Height(height),
            app_hash: vec![app_hash; 32],
            time: Timestamp(height),
        }
    }

    fn key(n: u8) -> StateKey {
        StateKey {
            store: "evm",
            key: vec![n; 53],
        }
    }

    #[test]
    fn a_value_is_known_in_its_state_only() {
        let values = ProvenValues::default();
        values.keep(
            &state(7, 1),
            [(&key(1), &Some(vec![9])), (&key(2), &None)].into_iter(),
        );
        let keys = [key(1), key(2), key(3)];
        let found = values.find(&state(7, 1), &keys);
        assert_eq!(found.get(&keys[0]), Some(&Some(vec![9])));
        // Absence is a proven value, too.
        assert_eq!(found.get(&keys[1]), Some(&None));
        assert_eq!(found.get(&keys[2]), None);
        assert!(values.find(&state(8, 1), &keys).is_empty());
        assert!(values.find(&state(7, 2), &keys).is_empty());
        values.keep(&state(7, 2), [(&key(3), &None)].into_iter());
        assert!(values.find(&state(7, 1), &keys).is_empty());
    }

    #[test]
    fn the_oldest_states_make_room() {
        let values = ProvenValues::default();
        let large = Some(vec![0; KEPT_BYTES / 3]);
        for height in 1..=10 {
            values.keep(&state(height, 1), [(&key(1), &large)].into_iter());
        }
        let keys = [key(1)];
        let known = |height| !values.find(&state(height, 1), &keys).is_empty();
        assert!(known(10) && known(9) && !known(8));
        assert!(values.with(|kept| kept.bytes) <= KEPT_BYTES);
        values.keep(
            &state(11, 1),
            [(&key(1), &Some(vec![0; KEPT_BYTES]))].into_iter(),
        );
        assert_eq!(values.with(|kept| (kept.bytes, kept.states.len())), (0, 0));
    }
}
