//! What was proven and can change no more need not be proven again at later heights.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use alloy::primitives::{Address, B256};
use dhc_domain::Height;

use crate::layout::Words;

/// Of some 10,000 grants; about 8 MB.
const MOST: usize = 65_536;

/// Words of contracts that stay as they are from the height on at which they were proven. That
/// they do is the say of whoever keeps them here.
#[derive(Default)]
pub(crate) struct SettledWords(Mutex<HashMap<(Address, B256), (Height, B256)>>);

impl SettledWords {
    fn with<T>(&self, f: impl FnOnce(&mut HashMap<(Address, B256), (Height, B256)>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Those of `slots` that are settled in the state of a height.
    pub(crate) fn find(&self, contract: Address, slots: &[B256], height: Height) -> Words {
        self.with(|known| {
            let settled = |slot: &B256| {
                let (since, word) = known.get(&(contract, *slot))?;
                (*since <= height).then_some((*slot, *word))
            };
            slots.iter().filter_map(settled).collect()
        })
    }

    pub(crate) fn keep(&self, contract: Address, words: &Words, height: Height) {
        self.with(|known| {
            if known.len() + words.len() > MOST {
                // What is asked for again is proven again.
                known.clear();
            }
            for (slot, word) in words {
                known
                    .entry((contract, *slot))
                    .and_modify(|(since, _)| *since = height.min(*since))
                    .or_insert((height, *word));
            }
        });
    }

    /// Where what was trusted may have been another chain's.
    pub(crate) fn forget(&self) {
        self.with(HashMap::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_settled_from_its_height_on_and_in_its_contract() {
        let settled = SettledWords::default();
        let (one, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let (slot, word) = (B256::repeat_byte(3), B256::repeat_byte(4));
        settled.keep(one, &Words::from([(slot, word)]), Height(7));
        let found = |contract, height| settled.find(contract, &[slot], Height(height));
        assert_eq!(found(one, 7), Words::from([(slot, word)]));
        assert_eq!(found(one, 9), Words::from([(slot, word)]));
        assert!(found(one, 6).is_empty() && found(other, 9).is_empty());
        settled.keep(one, &Words::from([(slot, word)]), Height(5));
        assert!(!found(one, 6).is_empty());
        settled.forget();
        assert!(found(one, 9).is_empty());
    }
}
