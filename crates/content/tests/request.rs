//! What a doctor writes when asking: opened by whom it is to, for its request, and by nobody else.

mod people;
#[path = "../../../tests/seeded/mod.rs"]
mod seeded;

use dhc_content::{
    DigestSigner as _,
    request::{
        MAX_REQUEST_TEXT, OpenRequestError, RequestContext, SealRequestError, open_request,
        seal_request,
    },
};
use dhc_domain::{Address, B256, RequestId};
use people::{Identity, Wallet};
use seeded::Seeded;

/// The contract takes no more, bytes.
const MAX_NOTE: usize = 2048;
const TEXT: &str = "头部 MRI, for Thursday's consultation.";

fn context() -> RequestContext {
    RequestContext {
        chain_id: 7761,
        requests: Address::repeat_byte(0xc0),
        owner: Wallet::new(1).address(),
        asker: Wallet::new(2).address(),
        request: RequestId(B256::repeat_byte(3)),
    }
}

fn seal(text: &str) -> Vec<u8> {
    seal_request(
        text,
        &context(),
        &Identity::new(9).public(),
        &Wallet::new(2),
        &mut Seeded::new("request"),
    )
    .unwrap()
}

#[test]
fn the_patient_reads_what_the_doctor_wrote() {
    let longest = "x".repeat(MAX_REQUEST_TEXT);
    for text in ["", TEXT, &longest] {
        let bytes = seal(text);
        assert!(bytes.len() <= MAX_NOTE);
        assert_eq!(bytes.len(), seal("").len(), "the length tells the text's");
        assert_eq!(
            open_request(&bytes, &context(), &Identity::new(9)).as_deref(),
            Ok(text)
        );
    }
}

#[test]
fn nobody_else_reads_it_and_it_serves_no_other_request() {
    let bytes = seal(TEXT);
    assert_eq!(
        open_request(&bytes, &context(), &Identity::new(8)),
        Err(OpenRequestError::NotForUs)
    );
    let others = [
        RequestContext {
            chain_id: 1,
            ..context()
        },
        RequestContext {
            requests: Address::ZERO,
            ..context()
        },
        RequestContext {
            owner: Address::ZERO,
            ..context()
        },
        RequestContext {
            asker: Wallet::new(3).address(),
            ..context()
        },
        RequestContext {
            request: RequestId(B256::ZERO),
            ..context()
        },
    ];
    for other in others {
        assert_eq!(
            open_request(&bytes, &other, &Identity::new(9)),
            Err(OpenRequestError::Signature)
        );
    }
}

#[test]
fn any_flipped_bit_and_any_cut_is_noticed() {
    let bytes = seal(TEXT);
    for i in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[i] ^= 1 << (i % 8);
        assert!(
            open_request(&altered, &context(), &Identity::new(9)).is_err(),
            "byte {i}"
        );
    }
    for cut in [0, 1, 65, 66, 1185, bytes.len() - 1] {
        assert!(
            open_request(&bytes[..cut], &context(), &Identity::new(9)).is_err(),
            "cut at {cut}"
        );
    }
}

#[test]
fn what_cannot_be_sealed_is_said() {
    let public = Identity::new(9).public();
    let mut rng = Seeded::new("refused");
    let mut seal = |text: &str, recipient: &[u8], signer: u8| {
        seal_request(text, &context(), recipient, &Wallet::new(signer), &mut rng)
    };
    let long = "x".repeat(MAX_REQUEST_TEXT + 1);
    assert_eq!(seal(&long, &public, 2), Err(SealRequestError::TooLong));
    assert_eq!(
        seal(TEXT, &public[1..], 2),
        Err(SealRequestError::Recipient)
    );
    assert_eq!(seal(TEXT, &public, 1), Err(SealRequestError::NotAsker));
}

#[test]
fn a_request_of_version_1_opens_for_ever() {
    let pinned = hex::decode(include_str!("vectors/request-1.hex").trim()).unwrap();
    assert_eq!(hex::encode(seal(TEXT)), hex::encode(&pinned));
    assert_eq!(
        open_request(&pinned, &context(), &Identity::new(9)).as_deref(),
        Ok(TEXT)
    );
}
