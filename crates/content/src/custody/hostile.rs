//! What fewer holders than the threshold have, and what a bad dealer gets.

use alloy::{primitives::B256, signers::local::PrivateKeySigner};
use curve25519_dalek::Scalar;
use dhc_domain::{Address, GrantId};
use hpke::{
    Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
};
use zeroize::Zeroizing;

use super::{
    CombineError, Dealing, LetterContext, OpenLetterError, Share, deal,
    letter::{open_letter, seal_unchecked},
};
use crate::EnvelopeOpener;

struct Identity(<XWing as Kem>::PrivateKey);

impl EnvelopeOpener for Identity {
    fn open_envelope(
        &self,
        key: &[u8],
        info: &[u8],
        aad: &[u8],
        ct: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let key = <XWing as Kem>::EncappedKey::from_bytes(key).ok()?;
        hpke::single_shot_open::<AesGcm256, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.0,
            &key,
            info,
            ct,
            aad,
        )
        .ok()
        .map(Zeroizing::new)
    }
}

/// Lagrange's interpolation through `points`, at `at`.
fn interpolate(points: &[(Scalar, Scalar)], at: Scalar) -> Scalar {
    let term = |i: usize| {
        let (xi, yi) = points[i];
        let others = points.iter().enumerate().filter(|(j, _)| *j != i);
        others.fold(yi, |y, (_, (xj, _))| y * (at - xj) * (xi - xj).invert())
    };
    (0..points.len()).map(term).sum()
}

fn points(shares: &[&Share]) -> Vec<(Scalar, Scalar)> {
    let point = |s: &&Share| (Scalar::from(s.index), s.value);
    shares.iter().map(point).collect()
}

/// Through the shares of m − 1 holders and any secret whatever there is a polynomial: the shares
/// rule none out. What the commitments say beyond that is a discrete logarithm away.
#[test]
fn fewer_shares_than_the_threshold_rule_no_secret_out() {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    for (threshold, holders) in [(2, 2), (2, 4), (3, 4), (4, 4)] {
        let dealt = deal(threshold, holders, 1, &mut rng).unwrap();
        let fewer: Vec<&Share> = dealt.shares.iter().map(|s| &s[0]).collect();
        let fewer = points(&fewer[..usize::from(threshold) - 1]);
        assert_ne!(interpolate(&fewer, Scalar::ZERO), dealt.secrets[0].0);
        for _ in 0..20 {
            let guess = Scalar::random(&mut rng);
            let through = [fewer.as_slice(), &[(Scalar::ZERO, guess)]].concat();
            assert_eq!(through.len(), usize::from(threshold));
            for (x, y) in &fewer {
                assert_eq!(interpolate(&through, *x), *y);
            }
            assert_eq!(interpolate(&through, Scalar::ZERO), guess);
        }
    }
}

/// By other code than the product's.
#[test]
fn the_dealt_secret_is_the_polynomials_value_at_zero() {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let dealt = deal(3, 4, 2, &mut rng).unwrap();
    for place in 0..2 {
        let shares: Vec<&Share> = dealt.shares[1..].iter().map(|s| &s[place]).collect();
        let secret = interpolate(&points(&shares), Scalar::ZERO);
        assert_eq!(secret, dealt.secrets[place].0);
    }
}

#[test]
fn any_changed_bit_of_a_share_is_noticed_and_named() {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let dealt = deal(2, 3, 1, &mut rng).unwrap();
    let honest = &dealt.shares[2][0];
    for bit in 0..256 {
        let mut value = honest.to_bytes();
        value[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(dealt.dealing.share(0, 3, &value), None, "bit {bit}");
        let Some(value) = Option::from(Scalar::from_canonical_bytes(value)) else {
            continue;
        };
        let bad = Share { index: 3, value };
        assert_eq!(
            dealt.dealing.combine(0, &[dealt.shares[0][0].clone(), bad]),
            Err(CombineError::Bad(3))
        );
    }
    for index in [0, 1, 2, 4, 255] {
        assert_eq!(dealt.dealing.share(0, index, &honest.to_bytes()), None);
    }
}

/// The envelope of a dealer who signs commitments and sends a share that is not on them.
#[test]
fn a_bad_dealers_letter_is_noticed_by_its_holder() {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let author = PrivateKeySigner::random();
    let identity = Identity(<XWing as Kem>::PrivateKey::from_bytes(&[9; 32]).unwrap());
    let recipient = XWing::sk_to_pk(&identity.0).to_bytes().to_vec();
    let dealing: Dealing = deal(2, 3, 2, &mut rng).unwrap().dealing;
    let context = LetterContext {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
        owner: author.address(),
        by: author.address(),
        holder: Address::repeat_byte(6),
        grantee: Address::repeat_byte(2),
        grant: GrantId(B256::repeat_byte(3)),
        index: 1,
    };
    let other = deal(2, 3, 2, &mut rng).unwrap();
    let off: Vec<u8> = other.shares[0].iter().flat_map(Share::to_bytes).collect();
    for (values, refusal) in [
        (off.as_slice(), OpenLetterError::Shares),
        (&[0; 64], OpenLetterError::Shares),
        (&[0xff; 64], OpenLetterError::Shares),
        (&[1; 32], OpenLetterError::NotForUs),
        (&[1; 96], OpenLetterError::NotForUs),
    ] {
        let letter =
            seal_unchecked(values, &dealing, &context, &recipient, &author, &mut rng).unwrap();
        assert_eq!(
            open_letter(&letter, &dealing, &context, &identity),
            Err(refusal)
        );
    }
}
