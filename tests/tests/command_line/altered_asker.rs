//! A grantee's app without checks of its own: it asks an owner's app for keys whatever it knows of
//! the grant. An honest one would not ask; what refuses here is the owner's app, by what it proves
//! for itself.

use std::{fs, sync::Arc};

use dhc_adapters::{
    ipfs::{BlockFiles, IpfsNode, NodeConfig},
    networks::HttpNetworks,
};
use dhc_app::ports::{Networks, PeerChannel, PeerHint};
use dhc_chain::{
    Chain, MemoryHeaderStore, SignError, Signature, Signer, TxRequest, TxStatus, TxVerdict,
    contracts::Consent,
    history::{Accessed, Entry},
};
use dhc_content::{
    Cid, DigestSigner,
    custody::Share,
    oakley::{AccessEntry, AccessRequest, Initiator, Presented, Progress, Refusal, Scope},
    rand_core::UnwrapErr,
};
use dhc_domain::{Action, Address, B256, GrantId, RecordId};
use dhc_vault::{AccountHandle, KdfParams, NewVault, SealedVault, Words};
use getrandom::SysRng;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    films::small_study,
    people::{Network, Person, text},
    process::{PATIENCE, Service, program, until},
};

/// The altered app: its person's account, a node, a way to the chain.
pub struct Asker {
    pub account: Account,
    pub chain: Arc<Chain>,
    pub scope: Scope,
    node: IpfsNode,
    pub runtime: Runtime,
    _folder: TempDir,
}

/// Somebody's account, by their words.
pub struct Account(AccountHandle);

impl Account {
    pub fn of(words: &str) -> Self {
        let vault = NewVault {
            words: &Words::parse(words).unwrap(),
            passphrase: "",
            password: "none",
            kdf: KdfParams {
                memory_kib: 8,
                passes: 1,
                lanes: 1,
            },
        };
        let (_, unlocked) = SealedVault::create(&vault, &mut UnwrapErr(SysRng)).unwrap();
        Self(unlocked.account(0).unwrap())
    }
}

impl DigestSigner for Account {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
        Some(self.0.sign_hash(digest))
    }
}

impl Signer for Account {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_hash(&self, hash: [u8; 32]) -> Result<Signature, SignError> {
        let signature = self.0.sign_hash(&hash.into());
        Signature::from_raw_array(&signature).map_err(|e| SignError(e.to_string()))
    }
}

impl Asker {
    /// With the account of these words.
    pub fn new(network: &Network, words: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = serde_json::from_slice(&fs::read(network.file()).unwrap()).unwrap();
        let headers = Arc::new(MemoryHeaderStore::default());
        let (chain, _) = HttpNetworks.connect(&file, headers).unwrap();
        let blocks = BlockFiles::open(&folder.path().join("blocks")).unwrap();
        Self {
            account: Account::of(words),
            scope: Scope {
                chain_id: chain.network().evm_chain_id,
                consent: chain.contract("Consent").unwrap(),
            },
            chain,
            node: IpfsNode::new(folder.path(), blocks, NodeConfig::default()),
            runtime: Runtime::new().unwrap(),
            _folder: folder,
        }
    }

    /// Enters an opening of a record in the owner's log.
    pub fn enter(&self, grant: &str, record: &str) -> AccessEntry {
        self.enter_for(grant, record, Action::View)
    }

    fn enter_for(&self, grant: &str, record: &str, action: Action) -> AccessEntry {
        let call = Consent::recordAccessCall {
            id: grant.parse::<GrantId>().unwrap().0,
            recordId: record.parse::<RecordId>().unwrap().0,
            action: action.index(),
        };
        let request = TxRequest::call(self.account.0.address(), self.scope.consent, &call);
        let sent = self.chain.submit(&request, &self.account, PATIENCE);
        let (_, verdict) = self.runtime.block_on(sent).unwrap();
        let TxVerdict::Proven(receipt) = verdict else {
            panic!("not proven: {verdict:?}");
        };
        assert_eq!(receipt.status, TxStatus::Ok, "{:?}", receipt.revert());
        let entry = receipt
            .logs
            .iter()
            .find_map(|log| Accessed::claimed(log, receipt.height))
            .expect("an entry");
        AccessEntry {
            seq: entry.seq,
            entry: entry.hash(),
        }
    }

    pub fn request(
        &self,
        owner: &Person,
        grant: &str,
        access: AccessEntry,
        root: Cid,
    ) -> AccessRequest {
        AccessRequest {
            grantee: self.account.0.address(),
            owner: owner.address.parse().unwrap(),
            grant: grant.parse().unwrap(),
            access,
            root,
        }
    }

    /// Asks for the key; `Ok` if it is released.
    pub fn ask(&self, app: &Service, request: AccessRequest) -> Result<(), Refusal> {
        self.ask_and_meanwhile(app, request, || ())
    }

    /// As [`ask`](Self::ask), with something that happens when the owner's app has agreed, and the
    /// key is not yet released.
    fn ask_and_meanwhile(
        &self,
        app: &Service,
        request: AccessRequest,
        agreed: impl FnOnce(),
    ) -> Result<(), Refusal> {
        let begun = Initiator::new(self.scope, request, &mut UnwrapErr(SysRng));
        match self.converse(app, begun, agreed)? {
            Progress::Released(_) => Ok(()),
            other => panic!("no key: {other:?}"),
        }
    }

    /// As [`ask_and_meanwhile`](Self::ask_and_meanwhile), for a holder's share.
    pub fn ask_for_share(
        &self,
        app: &Service,
        request: AccessRequest,
        presented: Presented,
        agreed: impl FnOnce(),
    ) -> Result<Share, Refusal> {
        let begun = Initiator::for_share(self.scope, request, presented, &mut UnwrapErr(SysRng));
        match self.converse(app, begun, agreed)? {
            Progress::Share(share) => Ok(share),
            other => panic!("no share: {other:?}"),
        }
    }

    fn converse(
        &self,
        app: &Service,
        (mut machine, hello): (Initiator, Vec<u8>),
        agreed: impl FnOnce(),
    ) -> Result<Progress, Refusal> {
        let address = text(&app.ready, "peer");
        let (_, peer) = address.rsplit_once("/p2p/").expect("a peer id");
        let hint = PeerHint {
            peer: peer.to_owned(),
            addresses: vec![address.clone()],
        };
        let mut rng = UnwrapErr(SysRng);
        let mut step = |message| {
            let answer = self
                .runtime
                .block_on(self.node.ask(&hint, message))
                .unwrap();
            machine.handle(&answer, &self.account, &mut rng).unwrap()
        };
        let Progress::Send(init) = step(hello) else {
            panic!("an answer before the request");
        };
        let confirm = match step(init) {
            Progress::Send(confirm) => confirm,
            Progress::Refused(refusal) => return Err(refusal),
            Progress::Released(_) | Progress::Share(_) => panic!("a key before the exchange"),
        };
        agreed();
        match step(confirm) {
            Progress::Refused(refusal) => Err(refusal),
            Progress::Send(_) => panic!("an exchange without an end"),
            done => Ok(done),
        }
    }
}

/// The root of a person's record.
pub fn root(person: &Person, record: &str) -> Cid {
    let list = person.run(["records"]);
    let records = list["records"].as_array().expect("records");
    let found = records.iter().find(|r| r["id"] == record);
    text(found.expect("the record"), "cid").parse().unwrap()
}

/// Somebody settled, and the words of their vault.
pub fn with_known_words(network: &Network) -> (Person, String) {
    let mut person = Person::without_vault(network);
    let made: Value = person.run(["vault", "create", "--show-words"]);
    person.address = text(&made["accounts"][0], "address");
    (person.settles(), text(&made, "words"))
}

#[test]
fn the_owners_app_refuses_what_an_honest_asker_would_not_ask() {
    if program().is_none() {
        return;
    }
    let network = Network::start();
    let (owner, owners_words) = with_known_words(&network);
    let (doctor, doctors_words) = with_known_words(&network);
    let other = Person::settled(&network);
    let asker = Asker::new(&network, &doctors_words);

    let record = owner.import_one(&small_study(owner.path("one"), 1));
    let second = owner.import_one(&small_study(owner.path("two"), 2));
    let others = other.import_one(&small_study(other.path("one"), 1));
    let (this, that) = (root(&owner, &record), root(&owner, &second));
    let short = owner.grant(&record, &doctor, &["--until", "30s"]);
    let in_time = asker.enter(&short, &record);
    let grant = owner.grant(&record, &doctor, &[]);
    let of_second = owner.grant(&second, &doctor, &[]);
    let to_other = owner.grant(&record, &other, &[]);
    let of_other = other.grant(&others, &doctor, &[]);
    let somebody = format!("0x{}", "11".repeat(20));
    let board = ["--approver", &other.address, "--approver", &somebody];
    let terms = [&["--purpose", "HRESCH", "--threshold", "2"], &board[..]].concat();
    let unapproved = owner.grant(&record, &doctor, &terms);
    until("the end of the window", || {
        (doctor.state(&short) == "expired").then_some(())
    });

    let app = owner.app();
    let ask =
        |grant: &str, access, root| asker.ask(&app, asker.request(&owner, grant, access, root));

    // Without an entry, and with entries that are not this opening's.
    let invented = AccessEntry {
        seq: in_time.seq + 1,
        entry: B256::repeat_byte(7),
    };
    assert_eq!(ask(&grant, invented, this), Err(Refusal::AccessUnproven));
    assert_eq!(ask(&grant, in_time, this), Err(Refusal::AccessUnproven));
    let of_that = asker.enter(&of_second, &second);
    assert_eq!(ask(&grant, of_that, this), Err(Refusal::AccessUnproven));

    // With its entry the key is released: the asker asks as it should.
    let entered = asker.enter(&grant, &record);
    assert_eq!(ask(&grant, entered, this), Ok(()));
    let misnumbered = AccessEntry {
        seq: entered.seq + 1,
        ..entered
    };
    assert_eq!(ask(&grant, misnumbered, this), Err(Refusal::AccessUnproven));

    // An entry of writing back reads nothing.
    let annotated = asker.enter_for(&grant, &record, Action::Annotate);
    assert_eq!(ask(&grant, annotated, this), Err(Refusal::ActionRefused));

    // Another record than the grant's.
    assert_eq!(ask(&grant, of_that, that), Err(Refusal::ContentUnavailable));
    assert_eq!(
        ask(&of_second, entered, this),
        Err(Refusal::ContentUnavailable)
    );
    // A grant to somebody else, of somebody else, of nobody.
    assert_eq!(ask(&to_other, entered, this), Err(Refusal::NotGrantee));
    assert_eq!(ask(&of_other, entered, this), Err(Refusal::GrantUnknown));
    let nobodys = format!("0x{}", "5a".repeat(32));
    assert_eq!(ask(&nobodys, entered, this), Err(Refusal::GrantUnknown));
    // Before the approvals, after the end.
    assert_eq!(
        ask(&unapproved, entered, this),
        Err(Refusal::GrantUnapproved)
    );
    assert_eq!(ask(&short, in_time, this), Err(Refusal::GrantExpired));

    // Revoked from the owner's other device, when their app had already agreed; and afterwards.
    let device = Person::without_vault(&network);
    let words = device.path("words");
    fs::write(&words, owners_words).unwrap();
    device.run(["vault", "restore", "--words-file", words.to_str().unwrap()]);
    let asked = asker.request(&owner, &grant, entered, this);
    let late = asker.ask_and_meanwhile(&app, asked, || {
        device.run(["consent", "revoke", &grant]);
    });
    assert_eq!(late, Err(Refusal::GrantRevoked));
    assert_eq!(ask(&grant, entered, this), Err(Refusal::GrantRevoked));

    // An owner's app that cannot ask the chain releases nothing.
    let of_second_entered = asker.enter(&of_second, &second);
    assert_eq!(ask(&of_second, of_second_entered, that), Ok(()));
    network.kill();
    let unproven = ask(&of_second, of_second_entered, that);
    assert_eq!(unproven, Err(Refusal::AccessUnproven));
}
