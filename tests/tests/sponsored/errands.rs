//! What an institution's app carries in, and what it does not pay for.

use std::{fs, sync::Arc};

use alloy::{
    primitives::U256,
    signers::{SignerSync, local::PrivateKeySigner},
};
use dhc_adapters::{
    ipfs::{BlockFiles, IpfsNode, NodeConfig},
    networks::HttpNetworks,
};
use dhc_app::ports::{ErrandChannel, Networks, PeerHint};
use dhc_chain::{
    Chain, MemoryHeaderStore, SignError, Signature, Signer, SolCall,
    contracts::{
        Contract, DHLToken, Identity,
        intents::{self, Intent},
    },
};
use dhc_content::sponsor::{Answer, Declined, Errand};
use dhc_domain::{Address, B256, GrantId, Timestamp, TxHash};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    people::{Network, Person, network},
    process::{Service, until},
    terms::peer,
};

pub struct Account(pub PrivateKeySigner);

impl Signer for Account {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_hash(&self, hash: [u8; 32]) -> Result<Signature, SignError> {
        self.0
            .sign_hash_sync(&hash.into())
            .map_err(|e| SignError(e.to_string()))
    }
}

/// Somebody who speaks to a sponsor's app without an app.
struct Asker {
    author: Account,
    chain: Arc<Chain>,
    node: IpfsNode,
    runtime: Runtime,
    _folder: TempDir,
}

impl Asker {
    fn new(network: &Network) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = serde_json::from_slice(&fs::read(network.file()).unwrap()).unwrap();
        let headers = Arc::new(MemoryHeaderStore::default());
        let (chain, _) = HttpNetworks.connect(&file, headers).unwrap();
        let blocks = BlockFiles::open(&folder.path().join("blocks")).unwrap();
        Self {
            author: Account(PrivateKeySigner::random()),
            chain,
            node: IpfsNode::new(folder.path(), blocks, NodeConfig::default()),
            runtime: Runtime::new().unwrap(),
            _folder: folder,
        }
    }

    /// So many seconds from the chain's now.
    fn deadline(&self, seconds: i64) -> Timestamp {
        let now = self.runtime.block_on(self.chain.sync()).unwrap().time;
        Timestamp(now.0.saturating_add_signed(seconds))
    }

    fn signed(&self, mut intent: Box<dyn Intent>, deadline: Timestamp) -> Errand {
        let signing = self.chain.sign_intent(&mut *intent, deadline, &self.author);
        self.runtime.block_on(signing).unwrap();
        self.errand(intent.contract(), intent.carried().to_vec())
    }

    fn errand(&self, contract: Contract, call: Vec<u8>) -> Errand {
        Errand {
            chain_id: self.chain.network().evm_chain_id,
            contract: contract.address(self.chain.network()).unwrap(),
            call,
        }
    }

    fn keys(&self) -> Box<dyn Intent> {
        intents::publish(self.author.address(), vec![7; 1216])
    }

    fn ask(&self, app: &Service, message: Vec<u8>) -> Answer {
        let address = peer(app);
        let (_, id) = address.rsplit_once("/p2p/").expect("a peer id");
        let hint = PeerHint {
            peer: id.to_owned(),
            addresses: vec![address.clone()],
        };
        let answer = self.runtime.block_on(self.node.send(&hint, message));
        Answer::decode(&answer.unwrap()).unwrap()
    }

    fn declined(&self, app: &Service, errand: &Errand) -> Declined {
        match self.ask(app, errand.encode()) {
            Answer::Declined(why) => why,
            Answer::Sent(tx) => panic!("{errand:?} was sent in {tx}"),
        }
    }

    fn sent(&self, app: &Service, errand: &Errand) -> TxHash {
        match self.ask(app, errand.encode()) {
            Answer::Sent(tx) => tx,
            Answer::Declined(why) => panic!("{errand:?} was declined: {why}"),
        }
    }
}

#[test]
fn a_sponsor_pays_for_nothing_but_what_its_author_signed() {
    let Some(network) = network() else { return };
    let clinic = Person::settled(&network);
    let app = clinic.sponsoring("5", "9/day");
    let asker = Asker::new(&network);
    let paid = network.sent(&clinic.address);
    let author = asker.author.address();
    let good = asker.signed(asker.keys(), asker.deadline(300));

    // No message, another chain, another contract, no contract.
    let babble = asker.ask(&app, b"DHC-SPONSOR/1 please".to_vec());
    assert_eq!(babble, Answer::Declined(Declined::NotCarried));
    let elsewhere = [
        Errand {
            chain_id: good.chain_id + 1,
            ..good.clone()
        },
        asker.errand(Contract::Consent, good.call.clone()),
        Errand {
            contract: clinic.address.parse().unwrap(),
            ..good.clone()
        },
    ];
    for errand in elsewhere {
        assert_eq!(asker.declined(&app, &errand), Declined::NotCarried);
    }

    // What the clinic itself would do by it, or give away.
    let own = Identity::publishCall {
        publicKeys: vec![7; 1216].into(),
    };
    let gift = DHLToken::transferCall {
        to: author,
        value: U256::from(1),
    };
    for errand in [
        asker.errand(Contract::Identity, own.abi_encode()),
        asker.errand(Contract::DHLToken, gift.abi_encode()),
        asker.errand(Contract::Identity, [&good.call[..], &[0]].concat()),
        asker.errand(Contract::Identity, Vec::new()),
    ] {
        assert_eq!(asker.declined(&app, &errand), Declined::NotCarried);
    }

    // Another's act, an altered one, one out of its time.
    let anothers = intents::publish(clinic.address.parse().unwrap(), vec![7; 1216]);
    let mut altered = good.clone();
    // A byte of the keys, which are the longest part.
    altered.call[800] ^= 1;
    for errand in [
        asker.signed(anothers, asker.deadline(300)),
        altered,
        asker.signed(asker.keys(), asker.deadline(-1)),
        asker.signed(asker.keys(), asker.deadline(2 * 3600)),
    ] {
        assert_eq!(asker.declined(&app, &errand), Declined::NotCarried);
    }

    // Signed and in time, and the contract would refuse it: nothing is paid for that.
    let nothing = intents::revoke(author, GrantId(B256::repeat_byte(1)));
    let nothing = asker.signed(nothing, asker.deadline(300));
    assert_eq!(
        asker.declined(&app, &nothing),
        Declined::WouldRevert("GrantUnknown".into())
    );
    let unearned = intents::claim(author, vec![0]);
    let unearned = asker.errand(Contract::IncentivePool, unearned.carried().to_vec());
    assert!(matches!(
        asker.declined(&app, &unearned),
        Declined::WouldRevert(_)
    ));
    assert_eq!(network.sent(&clinic.address), paid);

    // The act itself, and the same once more.
    let first = asker.sent(&app, &good);
    until("the block", || {
        (network.nonce(&clinic.address) > paid).then_some(())
    });
    match asker.ask(&app, good.encode()) {
        Answer::Sent(again) => assert_eq!(again, first),
        Answer::Declined(why) => assert_eq!(why, Declined::NotCarried),
    }
    assert_eq!(network.sent(&clinic.address), paid + 1);
}
