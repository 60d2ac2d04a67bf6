//! The messages between an app and a sponsor.

use dhc_content::sponsor::{Answer, Declined, Errand, MAX_REQUEST, Malformed};
use dhc_domain::{Address, B256, TxHash};
use proptest::prelude::*;

fn errand() -> Errand {
    Errand {
        chain_id: 0x0102_0304,
        contract: Address::repeat_byte(0xaa),
        call: vec![1, 2, 3],
    }
}

fn answers() -> Vec<(Answer, &'static str)> {
    let sent = TxHash(B256::repeat_byte(0xbb));
    let declined = |why| Answer::Declined(why);
    vec![
        (
            Answer::Sent(sent),
            "4448432d53504f4e534f522f3100bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        ),
        (
            declined(Declined::NotCarried),
            "4448432d53504f4e534f522f31010000",
        ),
        (
            declined(Declined::Budget),
            "4448432d53504f4e534f522f31010100",
        ),
        (
            declined(Declined::Limit),
            "4448432d53504f4e534f522f31010200",
        ),
        (
            declined(Declined::Stranger),
            "4448432d53504f4e534f522f31010300",
        ),
        (
            declined(Declined::WouldRevert("GrantRevoked".into())),
            "4448432d53504f4e534f522f3101040c4772616e745265766f6b6564",
        ),
        (
            declined(Declined::Unavailable),
            "4448432d53504f4e534f522f31010500",
        ),
    ]
}

#[test]
fn messages_of_version_1_are_read_for_ever() {
    let pinned =
        "4448432d53504f4e534f522f310084868808aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa03010203";
    assert_eq!(hex::encode(errand().encode()), pinned);
    assert_eq!(Errand::decode(&hex::decode(pinned).unwrap()), Ok(errand()));
    for (answer, pinned) in answers() {
        assert_eq!(hex::encode(answer.encode()), pinned, "{answer:?}");
        assert_eq!(Answer::decode(&hex::decode(pinned).unwrap()), Ok(answer));
    }
}

#[test]
fn what_is_cut_off_prolonged_or_too_long_is_no_message() {
    let whole = errand().encode();
    for cut in 0..whole.len() {
        assert_eq!(Errand::decode(&whole[..cut]), Err(Malformed));
    }
    assert_eq!(Errand::decode(&[&whole[..], &[0]].concat()), Err(Malformed));
    let long = Errand {
        call: vec![0; MAX_REQUEST],
        ..errand()
    };
    assert_eq!(Errand::decode(&long.encode()), Err(Malformed));
    for (answer, _) in answers() {
        let whole = answer.encode();
        for cut in 0..whole.len() {
            assert_eq!(Answer::decode(&whole[..cut]), Err(Malformed));
        }
        assert_eq!(Answer::decode(&[&whole[..], &[0]].concat()), Err(Malformed));
    }
    // A refusal of no known kind, and one that says more than a name.
    let said = |code: u8, reason: &str| {
        let body = [&[1, code, reason.len() as u8][..], reason.as_bytes()].concat();
        Answer::decode(&[b"DHC-SPONSOR/1", &body[..]].concat())
    };
    assert_eq!(said(6, ""), Err(Malformed));
    assert_eq!(said(1, "GrantRevoked"), Err(Malformed));
    assert_eq!(said(4, "call 555-1234"), Err(Malformed));
    assert_eq!(said(4, &"x".repeat(65)), Err(Malformed));
}

proptest! {
    #[test]
    fn what_is_written_is_read(chain_id: u64, contract: [u8; 20], call in proptest::collection::vec(any::<u8>(), 0..9000)) {
        let errand = Errand { chain_id, contract: contract.into(), call };
        prop_assert_eq!(Errand::decode(&errand.encode()), Ok(errand));
    }

    #[test]
    fn any_bytes_are_a_message_in_its_one_form_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [&b"DHC-SPONSOR/1"[..], &bytes].concat();
        if let Ok(errand) = Errand::decode(&bytes) {
            prop_assert_eq!(errand.encode(), bytes.clone());
        }
        if let Ok(answer) = Answer::decode(&bytes) {
            prop_assert_eq!(answer.encode(), bytes);
        }
    }
}
