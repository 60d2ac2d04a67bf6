//! An exchange with a holder: what an honest one gives, and what attackers get of it.

use alloy::primitives::B256;
use dhc_content::{
    DigestSigner,
    custody::{Dealing, Letter, LetterContext, Share, deal, seal_letter},
    oakley::{
        AccessRequest, Authorisation, HandshakeError, Initiator, MAX_MESSAGE, Presented, Progress,
        Refusal, Responder, Step,
    },
};
use dhc_domain::{Address, GrantId};
use hpke::{Kem, Serializable, kem::XWing};

use crate::{exchange::*, seeded::Seeded};

/// The second of three, of whom two release.
fn holder() -> Wallet {
    wallet(6)
}

fn shares(label: &'static str) -> (Dealing, Vec<Vec<Share>>) {
    let dealt = deal(2, 3, 2, &mut Seeded::new(label)).unwrap();
    (dealt.dealing, dealt.shares)
}

/// The share of the grant's second record.
fn share() -> Share {
    shares("dealing").1[1][1].clone()
}

fn letter_context() -> LetterContext {
    let AccessRequest {
        grantee,
        owner,
        grant,
        ..
    } = request();
    LetterContext {
        chain_id: SCOPE.chain_id,
        consent: SCOPE.consent,
        owner,
        by: owner,
        holder: holder().address(),
        grantee,
        grant,
        index: 2,
    }
}

fn letter_by(author: &Wallet, context: &LetterContext) -> Letter {
    let (dealing, shares) = shares("dealing");
    let (_, public) = XWing::derive_keypair(&[9; 32]);
    seal_letter(
        &shares[usize::from(context.index) - 1],
        &dealing,
        context,
        &public.to_bytes(),
        author,
        &mut Seeded::new("letter"),
    )
    .unwrap()
}

fn presented() -> Presented {
    Presented {
        holder: holder().address(),
        owner: owner().address(),
        by: owner().address(),
        index: 2,
        place: 1,
        dealing: shares("dealing").0,
        letter: letter_by(&owner(), &letter_context()),
    }
}

struct Exchange {
    initiator: Initiator,
    responder: Responder,
    rng_i: Seeded,
    rng_r: Seeded,
    messages: Vec<Vec<u8>>,
}

impl Exchange {
    fn begin() -> Self {
        Self::of(request(), presented())
    }

    fn of(request: AccessRequest, presented: Presented) -> Self {
        let mut rng_i = Seeded::new("initiator");
        let (initiator, hello) = Initiator::for_share(SCOPE, request, presented, &mut rng_i);
        let account = holder().address();
        Self {
            initiator,
            responder: Responder::new(SCOPE, account, NOW, &mut Seeded::new("cookies")),
            rng_i,
            rng_r: Seeded::new("responder"),
            messages: vec![hello],
        }
    }

    fn last(&self) -> &[u8] {
        self.messages.last().unwrap()
    }

    fn ask(&mut self, message: &[u8]) -> Result<Step, HandshakeError> {
        self.responder.handle(PEER, message, NOW, &mut self.rng_r)
    }

    fn answer(&mut self) -> Result<Vec<u8>, HandshakeError> {
        let message = self.last().to_vec();
        match self.ask(&message)? {
            Step::Send(answer) => Ok(answer),
            Step::Authorise(initiation) => {
                assert_eq!(*initiation.request(), request());
                assert_eq!(initiation.presented(), Some(&presented()));
                let (verdict, holder) = (Authorisation::Allowed, holder());
                self.responder
                    .authorise(*initiation, verdict, &holder, NOW, &mut self.rng_r)
            }
            Step::ReleaseShare(release) => {
                assert_eq!(*release.request(), request());
                Ok(release.release(&share()))
            }
            Step::Release(_) => panic!("a key was not asked for"),
        }
    }

    fn take(&mut self, answer: &[u8]) -> Result<Progress, HandshakeError> {
        self.initiator.handle(answer, &grantee(), &mut self.rng_i)
    }

    fn step(&mut self) {
        let answer = self.answer().unwrap();
        self.messages.push(answer.clone());
        let Progress::Send(next) = self.take(&answer).unwrap() else {
            panic!("ended early")
        };
        self.messages.push(next);
    }

    /// Until the grantee's `n`-th request is on the wire (0 is the hello).
    fn until_request(n: usize) -> Self {
        let mut exchange = Self::begin();
        (0..n).for_each(|_| exchange.step());
        exchange
    }

    /// Until the holder's `n`-th answer is on the wire (0 is the challenge).
    fn until_answer(n: usize) -> Self {
        let mut exchange = Self::until_request(n);
        let answer = exchange.answer().unwrap();
        exchange.messages.push(answer);
        exchange
    }
}

/// What the holder says to a beginning about this.
fn beginning(request: AccessRequest, presented: Presented) -> Option<HandshakeError> {
    let mut exchange = Exchange::of(request, presented);
    let challenge = exchange.answer().unwrap();
    let Ok(Progress::Send(init)) = exchange.take(&challenge) else {
        panic!("not begun")
    };
    exchange.ask(&init).err()
}

#[test]
fn an_honest_holder_hands_over_its_share() {
    let mut exchange = Exchange::until_answer(2);
    let last = exchange.last().to_vec();
    assert_eq!(exchange.take(&last), Ok(Progress::Share(share())));
    assert!(exchange.messages.iter().all(|m| m.len() <= MAX_MESSAGE));
}

#[test]
fn the_transcript_with_a_holder_is_the_same_for_ever() {
    let exchange = Exchange::until_answer(2);
    let wire: String = exchange
        .messages
        .iter()
        .map(|m| hex::encode(m) + "\n")
        .collect();
    assert!(wire == include_str!("../vectors/oakley-2.txt"), "{wire}");
}

#[test]
fn a_holders_refusal_arrives_signed_with_its_code() {
    for refusal in [Refusal::GrantRevoked, Refusal::LetterUnusable] {
        let mut exchange = Exchange::until_request(1);
        let init = exchange.last().to_vec();
        let Ok(Step::Authorise(initiation)) = exchange.ask(&init) else {
            panic!()
        };
        let verdict = Authorisation::Refused(refusal);
        let answer = exchange
            .responder
            .authorise(*initiation, verdict, &holder(), NOW, &mut exchange.rng_r)
            .unwrap();
        assert_eq!(exchange.take(&answer), Ok(Progress::Refused(refusal)));

        let mut exchange = Exchange::until_request(2);
        let confirm = exchange.last().to_vec();
        let Ok(Step::ReleaseShare(release)) = exchange.ask(&confirm) else {
            panic!()
        };
        let forged = release.refuse(refusal, &wallet(9)).unwrap();
        assert_eq!(exchange.take(&forged), Err(HandshakeError::Signature));
    }
}

#[test]
fn a_wrong_share_is_noticed_before_it_is_used() {
    let (_, others) = shares("another dealing");
    let (_, ours) = shares("dealing");
    // Of another dealing, of the grant's other record.
    for wrong in [&others[1][1], &ours[1][0]] {
        let mut exchange = Exchange::until_request(2);
        let confirm = exchange.last().to_vec();
        let Ok(Step::ReleaseShare(release)) = exchange.ask(&confirm) else {
            panic!()
        };
        let lie = release.release(wrong);
        assert_eq!(exchange.take(&lie), Err(HandshakeError::Share));
    }
    // Another holder's is not even what was asked for.
    let mut exchange = Exchange::until_request(2);
    let confirm = exchange.last().to_vec();
    let Ok(Step::ReleaseShare(release)) = exchange.ask(&confirm) else {
        panic!()
    };
    let lie = release.release(&ours[0][1]);
    assert_eq!(exchange.take(&lie), Err(HandshakeError::NotForUs));
}

#[test]
fn a_letter_of_another_grant_holder_grantee_or_deployment_opens_nothing() {
    let alter: [fn(&mut LetterContext); 6] = [
        |c| c.grant = GrantId(B256::repeat_byte(9)),
        |c| c.holder = wallet(8).address(),
        |c| c.grantee = wallet(8).address(),
        |c| c.owner = wallet(8).address(),
        |c| c.chain_id = 1,
        |c| c.consent = Address::ZERO,
    ];
    for alter in alter {
        let mut context = letter_context();
        alter(&mut context);
        let presented = Presented {
            letter: letter_by(&owner(), &context),
            ..presented()
        };
        assert_eq!(
            beginning(request(), presented),
            Some(HandshakeError::Letter)
        );
    }
    let of_another_index = LetterContext {
        index: 1,
        ..letter_context()
    };
    let presented = Presented {
        letter: letter_by(&owner(), &of_another_index),
        ..presented()
    };
    assert_eq!(
        beginning(request(), presented),
        Some(HandshakeError::Letter)
    );
}

#[test]
fn a_letter_by_another_than_it_says_opens_nothing() {
    let forger = wallet(9);
    let forged = LetterContext {
        by: forger.address(),
        ..letter_context()
    };
    let presented = Presented {
        letter: letter_by(&forger, &forged),
        ..presented()
    };
    assert_eq!(
        beginning(request(), presented),
        Some(HandshakeError::Letter)
    );
}

#[test]
fn a_downgraded_threshold_or_exchanged_commitments_are_not_the_letters() {
    let (dealing, _) = shares("dealing");
    let commitments = dealing.commitments();
    let exchanged = [&commitments[2..], &commitments[..2]].concat();
    for dealing in [
        Dealing::new(2, 2, commitments.to_vec()).unwrap(),
        Dealing::new(2, 4, commitments.to_vec()).unwrap(),
        Dealing::new(4, 4, commitments.to_vec()).unwrap(),
        Dealing::new(2, 3, exchanged).unwrap(),
        shares("another dealing").0,
    ] {
        let place = 0;
        let presented = Presented {
            dealing,
            place,
            ..presented()
        };
        assert_eq!(
            beginning(request(), presented),
            Some(HandshakeError::Letter)
        );
    }
    let beyond = Presented {
        place: 2,
        ..presented()
    };
    assert_eq!(beginning(request(), beyond), Some(HandshakeError::Letter));
}

#[test]
fn owner_grantee_and_holder_are_three() {
    // The owner as holder of their own film.
    let own = Presented {
        owner: holder().address(),
        ..presented()
    };
    let of_own = AccessRequest {
        owner: holder().address(),
        ..request()
    };
    assert_eq!(beginning(of_own, own), Some(HandshakeError::Letter));
    // A holder that asks itself, and one that is shown another owner than is asked about.
    let challenge = Exchange::until_answer(0).last().to_vec();
    let asks_itself = AccessRequest {
        grantee: holder().address(),
        ..request()
    };
    let mut exchange = Exchange::of(asks_itself, presented());
    let begun = exchange
        .initiator
        .handle(&challenge, &holder(), &mut exchange.rng_i);
    assert_eq!(begun, Err(HandshakeError::NotForUs));
    let another_owner = AccessRequest {
        owner: wallet(8).address(),
        ..request()
    };
    let mut exchange = Exchange::of(another_owner, presented());
    let challenge = exchange.answer().unwrap();
    assert_eq!(exchange.take(&challenge), Err(HandshakeError::NotForUs));
    // A letter handed to another holder than it is for.
    let for_another = Presented {
        holder: wallet(8).address(),
        ..presented()
    };
    assert_eq!(
        beginning(request(), for_another),
        Some(HandshakeError::NotForUs)
    );
}

/// The letter stolen on the wire, shown by somebody else.
#[test]
fn a_stolen_letter_serves_the_grantee_only() {
    let thief = wallet(8);
    let asked = AccessRequest {
        grantee: thief.address(),
        ..request()
    };
    let mut exchange = Exchange::of(asked, presented());
    let challenge = exchange.answer().unwrap();
    let begun = exchange
        .initiator
        .handle(&challenge, &thief, &mut exchange.rng_i);
    let Ok(Progress::Send(init)) = begun else {
        panic!()
    };
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Letter));
}

#[test]
fn any_flipped_bit_of_an_exchange_with_a_holder_ends_without_a_share() {
    for n in 1..3 {
        let message = Exchange::until_request(n).last().to_vec();
        let mut exchange = Exchange::until_request(n);
        for i in 0..message.len() {
            let mut altered = message.clone();
            altered[i] ^= 1 << (i % 8);
            if n == 2 {
                exchange = Exchange::until_request(n);
            }
            assert!(exchange.ask(&altered).is_err(), "request {n}, byte {i}");
        }
    }
    let message = Exchange::until_answer(2).last().to_vec();
    for i in 0..message.len() {
        let mut altered = message.clone();
        altered[i] ^= 1 << (i % 8);
        let mut exchange = Exchange::until_answer(2);
        assert!(exchange.take(&altered).is_err(), "release, byte {i}");
    }
}

#[test]
fn replayed_and_reflected_messages_of_a_holder_are_refused() {
    let mut exchange = Exchange::until_answer(2);
    let init = exchange.messages[2].clone();
    let reply = exchange.messages[3].clone();
    let confirm = exchange.messages[4].clone();
    let release = exchange.messages[5].clone();
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Replayed));
    assert_eq!(exchange.ask(&confirm).err(), Some(HandshakeError::Expired));
    assert_eq!(exchange.ask(&reply).err(), Some(HandshakeError::Unexpected));
    assert_eq!(
        exchange.ask(&release).err(),
        Some(HandshakeError::Unexpected)
    );
    let mut second = Exchange::until_request(1);
    assert_eq!(second.take(&init), Err(HandshakeError::Unexpected));
    let mut third = Exchange::of(request(), presented());
    assert_eq!(third.take(&release), Err(HandshakeError::Unexpected));
}

/// An exchange for a key and one for a share are told apart from the first signature on, and a
/// message of one is not taken in the other.
#[test]
fn a_share_is_not_passed_off_as_a_key_nor_a_key_as_a_share() {
    let share = Exchange::until_answer(2);
    let mut key = crate::exchange::Exchange::until_answer(2);
    assert_eq!(
        key.take(share.last()),
        Err(HandshakeError::Unexpected),
        "a share in an exchange for a key"
    );
    let mut share = Exchange::until_answer(2);
    let key = crate::exchange::Exchange::until_answer(2);
    assert_eq!(
        share.take(key.last()),
        Err(HandshakeError::Unexpected),
        "a key in an exchange for a share"
    );

    // The wire's tag exchanged: release (5) for share (8), and the other way.
    let tag = b"DHC-OAKLEY/1".len();
    let mut share = Exchange::until_answer(2);
    let mut relabelled = share.last().to_vec();
    assert_eq!(relabelled[tag], 8);
    relabelled[tag] = 5;
    assert_eq!(share.take(&relabelled), Err(HandshakeError::Unexpected));
    let mut key = crate::exchange::Exchange::until_answer(2);
    let mut relabelled = key.last().to_vec();
    assert_eq!(relabelled[tag], 5);
    relabelled[tag] = 8;
    assert_eq!(key.take(&relabelled), Err(HandshakeError::Unexpected));
}

/// An owner's app that is also somebody's holder, shown a share's beginning as one for a key.
#[test]
fn a_beginning_for_a_share_is_none_for_a_key() {
    let mut exchange = Exchange::until_request(1);
    let tag = b"DHC-OAKLEY/1".len();
    let mut init = exchange.last().to_vec();
    assert_eq!(init[tag], 7);
    init[tag] = 2;
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Malformed));
    // Cut to the fields that `Init` has.
    let as_init = crate::exchange::Exchange::until_request(1).last().len();
    init.truncate(as_init);
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Signature));
}
