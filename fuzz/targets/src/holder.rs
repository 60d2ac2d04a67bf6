//! The exchange of a holder's share, as hostile messages meet it on either side.

use std::sync::LazyLock;

use dhc_content::{
    DigestSigner,
    custody::{Dealing, LetterContext, Share, deal, seal_letter},
    oakley::{Authorisation, Initiator, Presented, Progress, Responder, Step},
};
use hpke::{Kem, Serializable, kem::XWing};

use crate::exchange::{GRANTEE, NOW, OWNER, PEER, SCOPE, Wallet, wanted};
use crate::seeded::Seeded;

static HOLDER: LazyLock<Wallet> = LazyLock::new(|| Wallet::new(6));
/// The second of three holders, of the first record.
const INDEX: u8 = 2;

fn dealt() -> (Dealing, Vec<Vec<Share>>) {
    let dealt = deal(2, 3, 1, &mut Seeded::new("dealing")).expect("two of three");
    (dealt.dealing, dealt.shares)
}

fn share() -> Share {
    dealt().1[usize::from(INDEX) - 1][0].clone()
}

fn presented() -> Presented {
    let (dealing, shares) = dealt();
    let request = wanted();
    let context = LetterContext {
        chain_id: SCOPE.chain_id,
        consent: SCOPE.consent,
        owner: request.owner,
        by: request.owner,
        holder: HOLDER.address(),
        grantee: request.grantee,
        grant: request.grant,
        index: INDEX,
    };
    let (_, public) = XWing::derive_keypair(&[9; 32]);
    let letter = seal_letter(
        &shares[usize::from(INDEX) - 1],
        &dealing,
        &context,
        &public.to_bytes(),
        &*OWNER,
        &mut Seeded::new("letter"),
    );
    Presented {
        holder: HOLDER.address(),
        owner: request.owner,
        by: request.owner,
        index: INDEX,
        place: 0,
        dealing,
        letter: letter.expect("a letter to a holder's key"),
    }
}

/// Both sides, always with the same randomness.
struct Exchange {
    initiator: Initiator,
    responder: Responder,
    rng_i: Seeded,
    rng_r: Seeded,
    /// To the holder's app, not yet there.
    letter: Vec<u8>,
}

impl Exchange {
    /// After so many of the grantee's messages were answered.
    fn after(rounds: u8) -> Self {
        let mut rng_i = Seeded::new("initiator");
        let (initiator, letter) = Initiator::for_share(SCOPE, wanted(), presented(), &mut rng_i);
        let cookies = &mut Seeded::new("cookies");
        let mut exchange = Self {
            initiator,
            responder: Responder::new(SCOPE, HOLDER.address(), NOW, cookies),
            rng_i,
            rng_r: Seeded::new("responder"),
            letter,
        };
        for _ in 0..rounds {
            let answer = exchange.answer().expect("an honest message is answered");
            let next = exchange
                .initiator
                .handle(&answer, &*GRANTEE, &mut exchange.rng_i);
            match next.expect("an honest answer is taken") {
                Progress::Send(letter) => exchange.letter = letter,
                Progress::Released(_) | Progress::Share(_) | Progress::Refused(_) => break,
            }
        }
        exchange
    }

    /// The holder's honest answer to the letter on its way.
    fn answer(&mut self) -> Option<Vec<u8>> {
        let step = self
            .responder
            .handle(PEER, &self.letter, NOW, &mut self.rng_r);
        match step.ok()? {
            Step::Send(answer) => Some(answer),
            Step::Authorise(initiation) => {
                let allowed = Authorisation::Allowed;
                let answer =
                    self.responder
                        .authorise(*initiation, allowed, &*HOLDER, NOW, &mut self.rng_r);
                answer.ok()
            }
            Step::ReleaseShare(release) => Some(release.release(&share())),
            Step::Release(_) => None,
        }
    }
}

/// The honest messages to the holder's app, each after the number of the round.
pub fn to_holder() -> [Vec<u8>; 3] {
    [0, 1, 2].map(|round| [vec![round], Exchange::after(round).letter].concat())
}

/// The honest answers of the holder's app, each after the number of the round.
pub fn of_holder() -> [Vec<u8>; 3] {
    [0, 1, 2].map(|round| {
        let answer = Exchange::after(round).answer().expect("it is answered");
        [vec![round], answer].concat()
    })
}

/// The round, and a message to the holder's app.
pub fn oakley_to_holder(bytes: &[u8]) {
    let Some((round, message)) = bytes.split_first() else {
        return;
    };
    let mut exchange = Exchange::after(round % 3);
    let step = exchange
        .responder
        .handle(PEER, message, NOW, &mut exchange.rng_r);
    match step {
        // A greeting is answered by a cookie, whoever sends it.
        Ok(Step::Send(answer)) => assert!(answer.len() < 128),
        Ok(Step::Authorise(initiation)) => {
            assert_eq!(*initiation.request(), wanted());
            assert_eq!(initiation.presented(), Some(&presented()));
        }
        Ok(Step::ReleaseShare(release)) => {
            assert_eq!(*release.request(), wanted());
            assert_eq!(message, exchange.letter, "a forged confirmation");
        }
        Ok(Step::Release(_)) => panic!("a key was not asked for"),
        Err(_) => {}
    }
}

/// The round, and an answer to the grantee's app.
pub fn oakley_of_holder(bytes: &[u8]) {
    let Some((round, answer)) = bytes.split_first() else {
        return;
    };
    let mut exchange = Exchange::after(round % 3);
    match exchange
        .initiator
        .handle(answer, &*GRANTEE, &mut exchange.rng_i)
    {
        Ok(Progress::Share(released)) => assert_eq!(released, share(), "a forged share"),
        Ok(Progress::Released(_)) => panic!("a key was not asked for"),
        Ok(Progress::Refused(_)) => panic!("a forged refusal"),
        Ok(Progress::Send(_)) | Err(_) => {}
    }
}
