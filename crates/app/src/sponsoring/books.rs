//! What a sponsor has spent and for whom: pure, and kept whole after every change.

use std::collections::BTreeMap;

use dhc_chain::SignedTx;
use dhc_content::sponsor::Declined;
use dhc_domain::{Address, Amount, B256, Timestamp, TxHash, U256};
use serde::{Deserialize, Serialize};

/// Transactions under way at once: more would wait for one another.
const MOST_OPEN: usize = 32;
const DAY_S: u64 = 86_400;

/// What an institution pays for others, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Of everything that this home has ever paid for others.
    pub budget: Amount,
    /// Acts of one person: each day (UTC, by the chain's time), or ever.
    pub per_person: u32,
    pub per_day: bool,
    /// Only for people in this home's address book.
    pub contacts_only: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Books {
    /// Proven fees, each counted at the most it can have been.
    spent: Amount,
    /// Since 1970; the day that `people` is about, where it is about one.
    day: u64,
    people: BTreeMap<Address, u32>,
    open: Vec<Open>,
}

/// A transaction that was signed for somebody and is not proven yet.
#[derive(Clone, Serialize, Deserialize)]
pub struct Open {
    /// Keccak-256 of contract and call: the same errand again is the same transaction.
    pub errand: B256,
    pub author: Address,
    /// The most that it can cost.
    pub worst: Amount,
    /// After this the contract refuses it.
    pub deadline: Option<Timestamp>,
    pub tx: SignedTx,
}

impl Open {
    /// Whether sending it again could only cost.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|d| d < now)
    }
}

impl Books {
    pub fn spent(&self) -> Amount {
        self.spent
    }

    /// The most that what is under way can cost.
    pub fn reserved(&self) -> Amount {
        let worst = self.open.iter().map(|o| o.worst.0);
        Amount(worst.fold(U256::ZERO, |sum, w| sum.saturating_add(w)))
    }

    pub fn open(&self) -> &[Open] {
        &self.open
    }

    pub fn errand(&self, errand: &B256) -> Option<TxHash> {
        let known = self.open.iter().find(|o| o.errand == *errand)?;
        Some(known.tx.hash)
    }

    /// Whether another act of this person is within their share.
    pub fn admit(
        &mut self,
        terms: &Terms,
        author: Address,
        now: Timestamp,
    ) -> Result<(), Declined> {
        let today = now.0 / DAY_S;
        if terms.per_day && self.day != today {
            self.day = today;
            self.people.clear();
        }
        if self.open.len() >= MOST_OPEN {
            return Err(Declined::Unavailable);
        }
        let done = self.people.get(&author).copied().unwrap_or(0);
        if done >= terms.per_person {
            return Err(Declined::Limit);
        }
        Ok(())
    }

    /// Whether the budget covers `worst` beside what is spent and under way.
    pub fn afford(&self, terms: &Terms, worst: Amount) -> Result<(), Declined> {
        let all = self.reserved().checked_add(worst);
        match all.and_then(|all| all.checked_add(self.spent)) {
            Some(all) if all <= terms.budget => Ok(()),
            _ => Err(Declined::Budget),
        }
    }

    pub fn reserve(&mut self, open: Open) {
        *self.people.entry(open.author).or_default() += 1;
        self.open.push(open);
    }

    /// It is proven what it cost.
    pub fn settle(&mut self, tx: TxHash, fee: Amount) {
        if self.close(tx).is_some() {
            // An amount of native coin does not overflow: all there is fits many times.
            self.spent = self.spent.checked_add(fee).unwrap_or(self.spent);
        }
    }

    /// It is proven that it was never executed.
    pub fn release(&mut self, tx: TxHash) {
        if let Some(open) = self.close(tx)
            && let Some(done) = self.people.get_mut(&open.author)
        {
            *done = done.saturating_sub(1);
        }
    }

    fn close(&mut self, tx: TxHash) -> Option<Open> {
        let place = self.open.iter().position(|o| o.tx.hash == tx)?;
        Some(self.open.remove(place))
    }

    /// The next nonce: the first from `proven` on that nothing under way uses. What is too late to
    /// be sent again leaves its nonce to another.
    pub fn next_nonce(&self, proven: u64, now: Timestamp) -> u64 {
        let mut nonce = proven;
        while self
            .open
            .iter()
            .any(|o| o.tx.nonce == nonce && !o.is_stale(now))
        {
            nonce += 1;
        }
        nonce
    }
}

#[cfg(test)]
mod tests {
    use dhc_domain::Height;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn coins(n: u64) -> Amount {
        Amount(U256::from(n))
    }

    fn terms(budget: u64, per_person: u32) -> Terms {
        Terms {
            budget: coins(budget),
            per_person,
            per_day: true,
            contacts_only: false,
        }
    }

    fn open(n: u8, worst: u64) -> Open {
        Open {
            errand: B256::repeat_byte(n),
            author: Address::repeat_byte(1),
            worst: coins(worst),
            deadline: Some(NOW.plus(60)),
            tx: SignedTx {
                hash: TxHash(B256::repeat_byte(n)),
                raw: Default::default(),
                from: Address::ZERO,
                nonce: u64::from(n),
                since: Height(1),
            },
        }
    }

    #[test]
    fn a_persons_share_ends_and_begins_anew_with_the_day() {
        let (terms, mut books) = (terms(100, 2), Books::default());
        let person = Address::repeat_byte(1);
        for n in 0..2 {
            assert_eq!(books.admit(&terms, person, NOW), Ok(()));
            books.reserve(open(n, 1));
        }
        assert_eq!(books.admit(&terms, person, NOW), Err(Declined::Limit));
        assert_eq!(books.admit(&terms, Address::ZERO, NOW), Ok(()));
        // What was never executed does not count.
        books.release(TxHash(B256::ZERO));
        assert_eq!(books.admit(&terms, person, NOW), Ok(()));
        books.reserve(open(3, 1));
        assert_eq!(books.admit(&terms, person, NOW), Err(Declined::Limit));
        assert_eq!(books.admit(&terms, person, NOW.plus(86_400)), Ok(()));
        let ever = Terms {
            per_day: false,
            ..terms
        };
        let mut books = Books::default();
        books.reserve(open(0, 1));
        books.reserve(open(1, 1));
        let later = NOW.plus(86_400 * 400);
        assert_eq!(books.admit(&ever, person, later), Err(Declined::Limit));
    }

    #[test]
    fn a_nonce_is_used_by_one_transaction_that_can_still_come() {
        let mut books = Books::default();
        assert_eq!(books.next_nonce(5, NOW), 5);
        books.reserve(open(5, 1));
        books.reserve(open(6, 1));
        assert_eq!(books.next_nonce(5, NOW), 7);
        books.settle(TxHash(B256::repeat_byte(5)), coins(1));
        assert_eq!(books.next_nonce(6, NOW), 7);
        assert_eq!(books.next_nonce(6, NOW.plus(61)), 6);
    }

    #[test]
    fn the_same_errand_is_the_same_transaction() {
        let mut books = Books::default();
        books.reserve(open(4, 1));
        let hash = B256::repeat_byte(4);
        assert_eq!(books.errand(&hash), Some(TxHash(hash)));
        assert_eq!(books.errand(&B256::ZERO), None);
    }

    proptest! {
        /// Whatever is asked for and however it ends, with fees up to what was reserved.
        #[test]
        fn no_more_is_spent_than_the_budget(budget in 0u64..500, steps in proptest::collection::vec((any::<bool>(), 0u64..80, 0u64..80), 0..60)) {
            let (terms, mut books) = (terms(budget, u32::MAX), Books::default());
            for (n, (proven, worst, fee)) in (0u8..).zip(steps) {
                if books.afford(&terms, coins(worst)).is_ok() {
                    books.reserve(open(n, worst));
                }
                if let (true, Some(first)) = (proven, books.open().first().cloned()) {
                    books.settle(first.tx.hash, first.worst.min(coins(fee)));
                    // Twice is once.
                    books.settle(first.tx.hash, first.worst);
                }
                // A restart keeps all of it.
                books = serde_json::from_str(&serde_json::to_string(&books).unwrap()).unwrap();
                prop_assert!(books.spent() <= terms.budget);
            }
        }
    }
}
