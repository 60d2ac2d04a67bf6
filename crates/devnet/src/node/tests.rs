use std::path::Path;

use alloy::primitives::U256;
use dhc_domain::Amount;
use tendermint_proto::v0_38::types::CommitSig;

use super::*;
use crate::{keys::Keys, operator::Operator};

struct Pair {
    leader: std::sync::Arc<Node>,
    follower: Node,
    signers: Signers,
    operator: Operator,
}

fn pair(directory: &Path) -> Pair {
    let keys = Keys::from_seed([9; 32]);
    let fund = [(Address::repeat_byte(1), Amount::from_dhl("5").unwrap())];
    let genesis = Genesis::compose(&keys, Time::now(), 60, &fund).unwrap();
    let open = |name| {
        let store = Store::open(&directory.join(name)).unwrap();
        Node::open(store, PROVABLE_STATES, || Ok(genesis.clone())).unwrap()
    };
    let leader = std::sync::Arc::new(open("leader"));
    let signers = Signers::new(&keys, &leader.identity.validators).unwrap();
    let operator = Operator::new(leader.clone(), keys);
    Pair {
        leader,
        follower: open("follower"),
        signers,
        operator,
    }
}

impl Pair {
    fn produce(&self) -> BlockRecord {
        let height = self.leader.produce(&self.signers, Time::now).unwrap();
        self.leader
            .store
            .snapshot()
            .unwrap()
            .block(height)
            .unwrap()
            .unwrap()
    }
}

#[test]
fn a_follower_takes_the_next_block_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let pair = pair(directory.path());
    pair.operator
        .fund(Address::repeat_byte(2), U256::from(7))
        .unwrap();
    let first = pair.produce();
    let second = pair.produce();
    assert_eq!(first.txs().len(), 1);
    assert!(pair.follower.follow(&second).is_err());
    assert_eq!(pair.follower.follow(&first).unwrap(), 1);
    assert_eq!(pair.follower.head().app_hash, pair.leader.head().app_hash);
    assert!(pair.follower.follow(&first).is_err());
    assert_eq!(pair.follower.follow(&second).unwrap(), 2);
}

#[test]
fn a_follower_refuses_what_was_tampered_with() {
    let directory = tempfile::tempdir().unwrap();
    let pair = pair(directory.path());
    pair.operator
        .fund(Address::repeat_byte(2), U256::from(7))
        .unwrap();
    let good = pair.produce();
    let refuse = |tamper: fn(&mut BlockRecord)| {
        let mut record = good.clone();
        tamper(&mut record);
        let error = pair.follower.follow(&record).unwrap_err();
        assert!(
            matches!(error, NodeError::Block { height: 1, .. }),
            "{error}"
        );
    };
    fn header(record: &mut BlockRecord) -> &mut tendermint_proto::v0_38::types::Header {
        record.block.as_mut().unwrap().header.as_mut().unwrap()
    }
    fn votes(record: &mut BlockRecord) -> &mut Vec<CommitSig> {
        &mut record.commit.as_mut().unwrap().signatures
    }
    refuse(|record| header(record).app_hash[0] ^= 1);
    refuse(|record| header(record).last_results_hash[0] ^= 1);
    refuse(|record| {
        record
            .block
            .as_mut()
            .unwrap()
            .data
            .as_mut()
            .unwrap()
            .txs
            .clear()
    });
    refuse(|record| votes(record)[2].signature[5] ^= 1);
    refuse(|record| votes(record).swap(0, 1));
    refuse(|record| {
        for vote in &mut votes(record)[..2] {
            *vote = CommitSig {
                block_id_flag: 1,
                ..Default::default()
            };
        }
    });
    // Three of four are more than two thirds.
    let mut enough = good.clone();
    votes(&mut enough)[0] = CommitSig {
        block_id_flag: 1,
        ..Default::default()
    };
    assert_eq!(pair.follower.follow(&enough).unwrap(), 1);
}

#[test]
fn a_block_its_state_and_its_transactions_appear_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let pair = pair(directory.path());
    let hash = pair
        .operator
        .fund(Address::repeat_byte(2), U256::from(7))
        .unwrap();
    // What a crash before the database's commit leaves: the transaction still waits.
    let before = pair.leader.store.snapshot().unwrap();
    pair.produce();
    assert_eq!(before.head().unwrap(), 0);
    assert_eq!(
        Pool::load(&before.waiting().unwrap(), pair.leader.genesis.evm_chain_id).len(),
        1
    );
    let after = pair.leader.store.snapshot().unwrap();
    assert_eq!(after.head().unwrap(), 1);
    assert!(after.waiting().unwrap().is_empty());
    assert!(after.eth_tx(hash.as_slice()).unwrap().is_some());
}
