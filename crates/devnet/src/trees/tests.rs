use ics23::{HostFunctionsManager, verify_membership, verify_non_membership};
use proptest::prelude::*;

use super::*;
use crate::store::{BlockRecord, NewBlock, Store};

type Model = BTreeMap<(StoreName, Vec<u8>), Vec<u8>>;

fn assert_proven(state: &State<'_>, store: StoreName, key: &[u8], expected: Option<&Vec<u8>>) {
    let proven = state.prove(store, key).unwrap();
    assert_eq!(proven.value.as_ref(), expected);
    let root = state.roots.get(store).hash.to_vec();
    let spec = jmt::ics23_spec();
    let holds = match &proven.value {
        Some(value) => {
            verify_membership::<HostFunctionsManager>(&proven.in_store, &spec, &root, key, value)
        }
        None => verify_non_membership::<HostFunctionsManager>(&proven.in_store, &spec, &root, key),
    };
    assert!(holds, "{store:?} {}", hex::encode(key));
    assert!(verify_membership::<HostFunctionsManager>(
        &proven.in_multistore,
        &ics23::tendermint_spec(),
        &state.app_hash().to_vec(),
        store.name().as_bytes(),
        &root,
    ));
}

fn put(store: &Store, height: u64, roots: &StoreRoots, trees: &TreeWrites, keep: u64) {
    let hash = [sha256(&height.to_be_bytes()).to_vec()].concat();
    let record = BlockRecord {
        commit: Some(tendermint_proto::v0_38::types::Commit {
            block_id: Some(tendermint_proto::v0_38::types::BlockId {
                hash,
                part_set_header: None,
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let block = NewBlock {
        height,
        record: &record,
        roots,
        trees,
        eth_hashes: &[],
        leaves_pool: &[],
    };
    store.put_block(&block, keep).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_was_written_is_proven_at_its_height_and_absence_too(
        blocks in prop::collection::vec(
            prop::collection::vec((0u8..24, prop::option::of(1u8..9)), 0..12), 1..8)
    ) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("db")).unwrap();
        let mut model = Model::new();
        let mut writes = Writes::new();
        for name in StoreName::ALL {
            for key in [100u8, 101] {
                writes.insert((name, vec![key]), Some(vec![key]));
                model.insert((name, vec![key]), vec![key]);
            }
        }
        let (roots, trees) = first_state(&store.snapshot().unwrap(), &writes).unwrap();
        store.put_genesis(b"{}", &roots, &trees).unwrap();
        let mut history = vec![model.clone()];
        for (height, block) in (1..).zip(&blocks) {
            let writes: Writes = block
                .iter()
                .map(|(k, v)| ((StoreName::Evm, vec![*k]), v.map(|v| vec![v])))
                .collect();
            for (key, value) in &writes {
                match value {
                    Some(value) => model.insert(key.clone(), value.clone()),
                    None => model.remove(key),
                };
            }
            let snapshot = store.snapshot().unwrap();
            let state = State::at(&snapshot, height - 1).unwrap().unwrap();
            let (roots, trees) = state.commit(&writes).unwrap();
            put(&store, height, &roots, &trees, 4);
            history.push(model.clone());
        }
        let snapshot = store.snapshot().unwrap();
        for (height, model) in (0u64..).zip(&history) {
            let pruned = height + 4 < history.len() as u64 - 1;
            let Some(state) = State::at(&snapshot, height).unwrap() else {
                prop_assert!(pruned);
                continue;
            };
            prop_assert!(!pruned);
            for key in (0u8..26).chain([100, 101]) {
                let expected = model.get(&(StoreName::Evm, vec![key]));
                assert_proven(&state, StoreName::Evm, &[key], expected);
            }
            assert_proven(&state, StoreName::Bank, &[100], Some(&vec![100]));
            assert_proven(&state, StoreName::Acc, &[7], None);
        }
    }
}

#[test]
fn the_hash_of_a_state_and_its_record_are_what_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("db")).unwrap();
    let writes = StoreName::ALL
        .into_iter()
        .map(|name| ((name, vec![1, 2]), Some(vec![3])))
        .collect();
    let (roots, _) = first_state(&store.snapshot().unwrap(), &writes).unwrap();
    assert_eq!(
        hex::encode(app_hash(&roots)),
        "f9769c9ca606820e5eaf4db4d40f871bcc403d6cbe2247234d63d4ec2da1bc2e"
    );
    let encoded = roots.encode();
    assert_eq!(encoded.len(), 4 * (8 + 32));
    assert_eq!(StoreRoots::decode(&encoded).unwrap(), roots);
    assert!(StoreRoots::decode(&encoded[1..]).is_err());
}
