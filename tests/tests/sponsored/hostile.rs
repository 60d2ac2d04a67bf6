//! A sponsor that speaks the protocol and means harm: it alters, delays, replays, lies, and leaves
//! out what it does not like. The author's app notices within three blocks, by what is proven, and
//! has the act carried in elsewhere, or does it itself; once.

use std::{
    fs,
    future::pending,
    sync::{Arc, Mutex},
};

use alloy::signers::local::PrivateKeySigner;
use async_trait::async_trait;
use dhc_adapters::{
    ipfs::{BlockFiles, IpfsNode, NodeConfig},
    networks::HttpNetworks,
};
use dhc_app::ports::{ErrandChannel, Networks, PeerChannel, Responder};
use dhc_chain::{
    At, Chain, MemoryHeaderStore, ProvenReceipt, Signer, SolCall, TxRequest, TxStatus, TxVerdict,
    contracts::{Consent, Contract, intents},
};
use dhc_content::sponsor::{Answer, Declined, Errand};
use dhc_domain::{Address, Amount, B256, Height, TxHash};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    errands::Account,
    films::small_study,
    people::{Network, Person, grant, network, text},
    process::{PATIENCE, Service, until},
    terms::peer,
};

/// Three blocks are a carrier's; the app looks at each head, and on a busy machine at every other.
const BLOCKS: u64 = 3;
const SLACK: u64 = 4;

/// What it does with an errand.
#[derive(Clone, Copy, Debug)]
enum Misdeed {
    /// Sends it with one bit changed.
    Alters,
    /// Answers nothing, and keeps it.
    Keeps,
    /// Sends an errand of earlier once more.
    Replays,
    /// Names a transaction that there is not.
    Invents,
    /// Names a transaction of another purpose.
    Confuses,
    /// Answers what is no answer.
    Babbles,
    /// Carries everything in but revocations.
    Selects,
    /// Says of everything that the contract would refuse it.
    Slanders,
}

struct Carrier {
    chain: Arc<Chain>,
    account: Account,
    misdeed: Mutex<Misdeed>,
    /// What it was handed, with the head at that time.
    handed: Mutex<Vec<(Errand, u64)>>,
}

impl Carrier {
    async fn send(&self, to: Address, data: Vec<u8>) -> Option<ProvenReceipt> {
        let mut request = TxRequest::raw_call(self.account.address(), to, data.into());
        // What reverts has no estimate.
        request.gas_limit = Some(1_000_000);
        let sent = self.chain.submit(&request, &self.account, PATIENCE).await;
        match sent.ok()?.1 {
            TxVerdict::Proven(receipt) => Some(*receipt),
            _ => None,
        }
    }

    async fn carry(&self, errand: &Errand) -> Option<ProvenReceipt> {
        self.send(errand.contract, errand.call.clone()).await
    }

    async fn act(&self, errand: &Errand) -> Option<Answer> {
        let misdeed = *self.misdeed.lock().unwrap();
        let sent = |receipt: ProvenReceipt| Answer::Sent(receipt.tx);
        match misdeed {
            Misdeed::Alters => {
                let mut call = errand.call.clone();
                // Within the last word of the arguments before the signature's.
                let place = call.len() / 2;
                call[place] ^= 1;
                self.send(errand.contract, call).await.map(sent)
            }
            Misdeed::Keeps => pending().await,
            Misdeed::Replays => {
                let first = self.handed.lock().unwrap()[0].0.clone();
                self.carry(&first).await.map(sent)
            }
            Misdeed::Invents => Some(Answer::Sent(TxHash(B256::repeat_byte(9)))),
            Misdeed::Confuses => {
                let to = Address::repeat_byte(7);
                let coin = Amount::from_dhl("0.001").unwrap();
                let request = TxRequest::transfer(self.account.address(), to, coin);
                let paid = self.chain.submit(&request, &self.account, PATIENCE).await;
                Some(Answer::Sent(paid.ok()?.0.hash))
            }
            Misdeed::Babbles => None,
            Misdeed::Selects if errand.call.starts_with(&Consent::revokeBySigCall::SELECTOR) => {
                Some(Answer::Declined(Declined::NotCarried))
            }
            Misdeed::Selects => self.carry(errand).await.map(sent),
            Misdeed::Slanders => {
                let name = "GrantRevoked".into();
                Some(Answer::Declined(Declined::WouldRevert(name)))
            }
        }
    }
}

#[async_trait]
impl Responder for Carrier {
    async fn respond(&self, _: &str, message: Vec<u8>) -> Option<Vec<u8>> {
        let errand = Errand::decode(&message).ok()?;
        let head = self.chain.sync().await.ok()?.height.0;
        self.handed.lock().unwrap().push((errand.clone(), head));
        match self.act(&errand).await {
            Some(answer) => Some(answer.encode()),
            None => Some(b"yes, yes".to_vec()),
        }
    }
}

/// The hostile sponsor's app.
struct Hostile {
    carrier: Arc<Carrier>,
    peer: String,
    runtime: Runtime,
    _node: IpfsNode,
    _folder: TempDir,
}

impl Hostile {
    fn start(network: &Network, friend: &Person) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = Account(PrivateKeySigner::random());
        let address = account.address().to_string();
        friend.run(["devnet", "fund", &address, "5"]);
        let file = serde_json::from_slice(&fs::read(network.file()).unwrap()).unwrap();
        let headers = Arc::new(MemoryHeaderStore::default());
        let (chain, _) = HttpNetworks.connect(&file, headers).unwrap();
        let carrier = Arc::new(Carrier {
            chain,
            account,
            misdeed: Mutex::new(Misdeed::Keeps),
            handed: Mutex::default(),
        });
        let blocks = BlockFiles::open(&folder.path().join("blocks")).unwrap();
        let node = IpfsNode::new(folder.path(), blocks, NodeConfig::default());
        let runtime = Runtime::new().unwrap();
        let here = runtime.block_on(async {
            node.take_with(Some(carrier.clone())).await;
            node.here().await.unwrap()
        });
        Self {
            peer: format!("{}/p2p/{}", here.addresses[0], here.peer),
            carrier,
            runtime,
            _node: node,
            _folder: folder,
        }
    }

    fn behave(&self, misdeed: Misdeed) {
        *self.carrier.misdeed.lock().unwrap() = misdeed;
    }

    /// The newest errand, and the head when it came.
    fn newest(&self) -> (Errand, u64) {
        self.carrier.handed.lock().unwrap().last().unwrap().clone()
    }

    /// Carries an errand in after all; how its transaction ended.
    fn carries(&self, errand: &Errand) -> TxStatus {
        let receipt = self.runtime.block_on(self.carrier.carry(errand));
        receipt.expect("a proven transaction").status
    }
}

/// How the person's app thinks of a sponsor: reliable, what it failed with, at which height.
fn opinion(person: &Person, of: &str) -> (bool, Value, u64) {
    let list = person.run(["sponsor", "list"]);
    let sponsors = list["sponsors"].as_array().expect("sponsors");
    let found = sponsors.iter().find(|s| s["address"] == of);
    let found = found.unwrap_or_else(|| panic!("{list}"));
    let height = found["height"].as_u64().unwrap_or(0);
    let reliable = found["reliable"].as_bool().expect("a word");
    (reliable, found["failed"].clone(), height)
}

struct Honest {
    clinic: Person,
    _app: Service,
    peer: String,
}

fn honest(network: &Network) -> Honest {
    let clinic = Person::settled(network);
    let app = clinic.sponsoring("5", "100");
    Honest {
        peer: peer(&app),
        clinic,
        _app: app,
    }
}

#[test]
fn a_sponsor_that_does_not_carry_in_what_was_signed_gives_way_to_the_next() {
    let Some(network) = network() else { return };
    let good = honest(&network);
    let bad = Hostile::start(&network, &Person::new(&network));
    // Something to replay.
    bad.behave(Misdeed::Selects);
    let first = Person::sponsored(&network, &[&bad.peer]);
    let done = first.run(["identity", "publish"]);
    let account = bad.carrier.account.address().to_string();
    assert_eq!(text(&done, "sponsored_by"), account);

    for (misdeed, code) in [
        (Misdeed::Alters, "sponsor_late"),
        (Misdeed::Keeps, "sponsor_late"),
        (Misdeed::Replays, "sponsor_late"),
        (Misdeed::Invents, "sponsor_late"),
        (Misdeed::Confuses, "sponsor_late"),
        (Misdeed::Babbles, "sponsor_refused"),
        (Misdeed::Slanders, "sponsor_refused"),
    ] {
        bad.behave(misdeed);
        let person = Person::sponsored(&network, &[&bad.peer, &good.peer]);
        let done = person.run(["identity", "publish"]);
        assert_eq!(done["standing"]["state"], "proven", "{misdeed:?}: {done}");
        assert_eq!(
            text(&done, "sponsored_by"),
            good.clinic.address,
            "{misdeed:?}"
        );
        let (errand, head) = bad.newest();
        let (reliable, failed, height) = opinion(&person, &bad.peer);
        assert_eq!(
            (reliable, failed.as_str()),
            (false, Some(code)),
            "{misdeed:?}"
        );
        assert!(
            height <= head + BLOCKS + SLACK,
            "{misdeed:?}: handed over at {head}, noticed at {height}"
        );
        assert!(opinion(&person, &good.peer).0, "{misdeed:?}");
        // What it kept back is of no use afterwards.
        assert_eq!(bad.carries(&errand), TxStatus::Reverted, "{misdeed:?}");
        // From now on it is asked last.
        let list = person.run(["sponsor", "list"]);
        assert_eq!(list["sponsors"][1]["address"], *bad.peer, "{list}");
    }
}

#[test]
fn an_act_that_ran_past_its_deadline_is_signed_anew_and_happens_once() {
    let Some(network) = network() else { return };
    let bad = Hostile::start(&network, &Person::new(&network));
    let person = Person::sponsored(&network, &[&bad.peer]);
    for (span, code) in [("9s", "misuse"), ("61m", "misuse")] {
        let refused = ["sponsor", "use", "needed", "--counts-for", span];
        assert_eq!(person.code(refused), code, "{span}");
    }
    let list = person.run(["sponsor", "use", "needed", "--counts-for", "20s"]);
    assert_eq!(list["counts_for_s"], 20, "{list}");
    let publish = ["identity", "publish"];
    assert_eq!(person.code(publish), "sponsor_late");
    let (kept, _) = bad.newest();
    let deadline = |errand: &Errand| {
        let intent = intents::parse(Contract::Identity, &errand.call);
        intent.and_then(|i| i.deadline()).expect("a deadline")
    };
    until("the deadline", || {
        let head = bad.runtime.block_on(bad.carrier.chain.sync()).ok()?;
        // What is proven is one block behind the head.
        (head.time > deadline(&kept).plus(2)).then_some(())
    });
    bad.behave(Misdeed::Selects);
    let done = person.run(publish);
    let account = bad.carrier.account.address().to_string();
    assert_eq!(text(&done, "sponsored_by"), account);
    let (carried, _) = bad.newest();
    assert!(deadline(&carried) > deadline(&kept));
    // The carrier sees its own transaction, too, before it sends another.
    let height = done["standing"]["height"].as_u64().expect("a height");
    let author = person.address.parse().unwrap();
    let published = || {
        let keys = bad.carrier.chain.keys(author, At::AtLeast(Height(height)));
        bad.runtime.block_on(keys).unwrap().value.version
    };
    assert_eq!(published(), 1);
    assert_eq!(bad.carries(&kept), TxStatus::Reverted);
    assert_eq!(published(), 1);
}

#[test]
fn a_sponsor_that_leaves_out_revocations_hinders_none() {
    let Some(network) = network() else { return };
    let (good, doctor) = (honest(&network), Person::settled(&network));
    let bad = Hostile::start(&network, &doctor);
    bad.behave(Misdeed::Selects);
    let person = Person::sponsored(&network, &[&bad.peer, &good.peer]);
    let account = bad.carrier.account.address().to_string();
    let study = person.import_one(&small_study(person.path("study"), 1));
    let given = person.run(grant(&study, &doctor, &[]));
    assert_eq!(text(&given, "sponsored_by"), account);
    let id = text(&given, "grant");
    let revoked = person.run(["consent", "revoke", &id]);
    assert_eq!(text(&revoked, "sponsored_by"), good.clinic.address);
    assert_eq!(person.state(&id), "revoked");
    // It was asked all the same: a revocation goes to every sponsor at once.
    let (asked, _) = bad.newest();
    assert!(asked.call.starts_with(&Consent::revokeBySigCall::SELECTOR));
    assert_eq!(opinion(&person, &bad.peer).1, "sponsor_refused");
}

#[test]
fn who_has_coins_does_not_need_a_sponsor_to_get_an_act_done() {
    let Some(network) = network() else { return };
    let (person, doctor) = (Person::settled(&network), Person::settled(&network));
    let bad = Hostile::start(&network, &doctor);
    person.run(["sponsor", "add", &bad.peer]);
    let list = person.run(["sponsor", "use", "always"]);
    assert_eq!(list["always"], true, "{list}");
    let study = small_study(person.path("study"), 1);
    let before = network.nonce(&person.address);

    bad.behave(Misdeed::Keeps);
    let imported = person.import(&study);
    let record = &imported["studies"][0];
    assert_eq!(record["standing"]["state"], "proven", "{record}");
    assert!(record.get("sponsored_by").is_none(), "{record}");
    assert_eq!(network.nonce(&person.address), before + 1);
    assert_eq!(bad.carries(&bad.newest().0), TxStatus::Reverted);

    // With the sponsor honest again, it pays; a revocation goes out both ways and happens once.
    bad.behave(Misdeed::Selects);
    let given = person.run(grant(&text(record, "id"), &doctor, &[]));
    let account = bad.carrier.account.address().to_string();
    assert_eq!(text(&given, "sponsored_by"), account);
    assert_eq!(network.nonce(&person.address), before + 1);
    let id = text(&given, "grant");
    let revoked = person.run(["consent", "revoke", &id]);
    assert!(revoked.get("sponsored_by").is_none(), "{revoked}");
    assert_eq!(network.nonce(&person.address), before + 2);
    assert_eq!(person.state(&id), "revoked");

    person.run(["sponsor", "use", "needed"]);
    let list = person.run(["sponsor", "remove", &bad.peer]);
    assert_eq!(list["sponsors"].as_array().map(Vec::len), Some(0), "{list}");
    assert_eq!(person.code(["sponsor", "remove", &bad.peer]), "misuse");
    assert_eq!(person.code(["sponsor", "add", "nowhere"]), "misuse");
}
