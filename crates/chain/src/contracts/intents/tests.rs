use alloy::{
    primitives::{Log, U256, b256},
    sol_types::SolStruct,
};
use dhc_domain::{Actions, GrantId, Mode, NetworkFile, Powers, Purpose, RecordId, RequestId};

use super::*;
use crate::contracts::{GrantView, RequestWish};

const AUTHOR: Address = Address::repeat_byte(0x11);
const OTHER: Address = Address::repeat_byte(0x12);
const ID: B256 = B256::repeat_byte(7);

fn network() -> NetworkFile {
    // Consent's address is in a pinned digest; the others' only have to differ.
    let contracts: Vec<_> = Contract::ALL
        .iter()
        .zip(0x20u8..)
        .map(|(c, n)| (c.name(), if *c == Contract::Consent { 5 } else { n }))
        .map(|(name, n)| format!(r#""{name}":"{}""#, Address::repeat_byte(n)))
        .collect();
    NetworkFile::parse(&format!(
        r#"{{"name":"n","chain_id":"n-1","evm_chain_id":7,"rpc":[],"evm":[],"witnesses":[],"denom":"adhl","day_s":1,"proof_spec":"devnet","trust":{{"height":1,"hash":"","period_s":1}},"contracts":{{{}}}}}"#,
        contracts.join(",")
    ))
    .expect("a network file")
}

fn every() -> Vec<Box<dyn Intent>> {
    vec![
        publish(AUTHOR, vec![5; 1216]),
        add(
            AUTHOR,
            RecordIndex::addCall {
                id: ID,
                commitment: B256::repeat_byte(2),
                root: B256::repeat_byte(3),
                issuer: Address::ZERO,
                quality: 0,
                issuerSignature: Bytes::new(),
            },
        ),
        renew(
            AUTHOR,
            GrantId(ID),
            Timestamp(1_900_000_000),
            B256::repeat_byte(6),
        ),
        approve(AUTHOR, GrantId(ID), 2),
        revoke(AUTHOR, GrantId(ID)),
        contribute(
            AUTHOR,
            IncentivePool::contributeCall {
                recordId: ID,
                templateId: B256::repeat_byte(4),
                sixteenths: 3,
                attestations: vec![vec![1; 65].into()],
            },
        ),
        claim(AUTHOR, vec![3, 5]),
        appoint(AUTHOR, OTHER, Powers(9), Timestamp(1_900_000_000)),
        dismiss(AUTHOR, OTHER),
        ask(RequestWish {
            asker: AUTHOR,
            owner: OTHER,
            salt: B256::repeat_byte(8),
            templateId: B256::repeat_byte(4),
            purpose: 1,
            window: 86_400,
            actions: 3,
            note: vec![7; 2034].into(),
        }),
        withdraw(AUTHOR, RequestId(ID)),
        answer(AUTHOR, RequestId(ID), GrantId(B256::repeat_byte(9))),
        decline(AUTHOR, RequestId(ID)),
    ]
}

#[test]
fn an_intent_is_read_back_from_what_a_carrier_sends_and_nothing_else_is() {
    for mut intent in every() {
        intent.sign(Timestamp(1_800_000_000), vec![9; 65].into());
        let sent = intent.carried();
        let read = parse(intent.contract(), &sent).expect("an intent");
        assert_eq!(read.carried(), sent);
        assert_eq!(read.author(), AUTHOR);
        assert_eq!(read.deadline(), intent.deadline());
        assert_eq!(read.event(), intent.event());
        assert_eq!(read.urgent(), intent.urgent());
        // What the author would send alone is nothing that another may carry.
        assert!(parse(intent.contract(), &intent.alone()).is_none());
        for other in Contract::ALL.iter().filter(|c| **c != intent.contract()) {
            assert!(parse(*other, &sent).is_none());
        }
        let longer = [&sent[..], &[0]].concat();
        assert!(parse(intent.contract(), &longer).is_none());
        for cut in 0..sent.len() {
            assert!(parse(intent.contract(), &sent[..cut]).is_none());
        }
    }
}

/// The contracts' own type strings, as their sources have them.
#[test]
fn what_is_signed_is_what_the_contracts_hash() {
    let names = [
        "Identity",
        "RecordIndex",
        "Proxies",
        "Consent",
        "Requests",
        "IncentivePool",
    ];
    let sources = names.map(|name| {
        let path = format!(
            "{}/../../contracts/src/{name}.sol",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path).expect("the contract's source")
    });
    let types = [
        identity::typed::PublishIntent::eip712_encode_type(),
        records::typed::AddIntent::eip712_encode_type(),
        consent::typed::GrantIntent::eip712_encode_type(),
        consent::typed::RenewIntent::eip712_encode_type(),
        consent::typed::ApproveIntent::eip712_encode_type(),
        consent::typed::RevokeIntent::eip712_encode_type(),
        proxies::typed::AppointIntent::eip712_encode_type(),
        proxies::typed::DismissIntent::eip712_encode_type(),
        requests::typed::AskIntent::eip712_encode_type(),
        requests::typed::WithdrawIntent::eip712_encode_type(),
        requests::typed::AnswerIntent::eip712_encode_type(),
        requests::typed::DeclineIntent::eip712_encode_type(),
        pool::typed::ContributeIntent::eip712_encode_type(),
    ];
    for kind in types {
        let quoted = format!("\"{kind}\"");
        assert!(sources.iter().any(|s| s.contains(&quoted)), "{kind}");
    }
}

/// The digest was computed by hand, by EIP-712 and an implementation of Keccak of its own.
#[test]
fn the_signed_digest_is_pinned() {
    let network = network();
    let domain = domain(Contract::Consent, &network).expect("a domain");
    let revoke = consent::typed::RevokeIntent {
        owner: AUTHOR,
        id: ID,
        deadline: U256::from(1_800_000_000u64),
    };
    let signed = digest(&domain, revoke.eip712_hash_struct());
    assert_eq!(signed, revoke.eip712_signing_hash(&domain));
    assert_eq!(
        signed,
        b256!("ea2782fe0ad5e1020079b896fadeac889ba1a832d6b1648c545b86ba516416a9")
    );
}

#[test]
fn an_act_is_shown_by_its_own_event_only() {
    let contract = Address::repeat_byte(5);
    let log = |topics: Vec<B256>| Log::new(contract, topics, Bytes::new()).expect("a log");
    let intent = revoke(AUTHOR, GrantId(ID));
    let topic = intent.event()[0].expect("the event");
    assert!(intent.shown_by(&log(vec![topic, ID, AUTHOR.into_word()])));
    assert!(!intent.shown_by(&log(vec![topic, B256::ZERO])));
    assert!(!intent.shown_by(&log(vec![topic])));
    assert!(!intent.shown_by(&log(vec![ID, ID])));
    assert!(!intent.shown_by(&log(vec![])));
}

/// The same grant, and the words that its contract makes of it, are in `contracts/test/Approval.t.sol`.
#[test]
fn an_approval_says_the_grants_terms_in_the_contracts_words() {
    let grant = GrantView {
        id: GrantId(ID),
        owner: OTHER,
        grantee: Address::repeat_byte(0x13),
        by: OTHER,
        records: vec![
            RecordId(B256::repeat_byte(2)),
            RecordId(B256::repeat_byte(3)),
        ],
        template: keccak256("research"),
        purpose: Purpose::HRESCH,
        mode: Mode::Live,
        not_before: Timestamp(1_800_000_000),
        not_after: Timestamp(1_802_592_000),
        revoked: false,
        approvals: 0,
        threshold: 2,
        round: 1,
        actions: Actions(3),
        onward: false,
        broken_at: None,
        glass_window_s: 0,
        consent_hash: B256::ZERO,
        note_hash: B256::ZERO,
        openings: 0,
        parent: None,
    };
    let blank = consent::typed::ApproveIntent {
        approver: AUTHOR,
        id: ID,
        round: 1,
        deadline: U256::from(1_800_003_600u64),
        ..Default::default()
    };
    let shown = consent::worded(&grant, "research".to_owned(), blank);
    assert_eq!((shown.approver, shown.owner), (AUTHOR, OTHER));
    assert_eq!(shown.grantee, grant.grantee);
    let records = [B256::repeat_byte(2), B256::repeat_byte(3)];
    assert_eq!(shown.recordIds, records);
    assert_eq!(shown.purpose, "HRESCH");
    assert_eq!(shown.template, "research");
    assert_eq!(shown.actions, "view, export");
    assert_eq!(shown.mode, "live");
    assert_eq!(shown.until, "2027-02-14T08:00:00Z");
    assert_eq!((shown.onward, shown.id, shown.round), (false, ID, 1));
}
