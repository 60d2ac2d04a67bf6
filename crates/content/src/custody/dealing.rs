use std::fmt;

use curve25519_dalek::{
    RistrettoPoint, Scalar, ristretto::CompressedRistretto, traits::IsIdentity,
};
use rand_core::CryptoRng;
use vsss_rs::{
    DefaultShare, FeldmanVerifierSet, IdentifierPrimeField, ReadableShareSet, ShareVerifierGroup,
    feldman,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{MAX_HOLDERS, MAX_RECORDS, MIN_THRESHOLD};

type Field = IdentifierPrimeField<Scalar>;
type Point = DefaultShare<Field, Field>;
type Commitment = ShareVerifierGroup<RistrettoPoint>;

/// What everybody may know of how a grant's secrets were shared: of each record the commitments
/// to its polynomial's coefficients, the secret's first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealing {
    threshold: u8,
    holders: u8,
    /// `threshold` for each record, ristretto255's encodings.
    commitments: Vec<[u8; 32]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DealingError {
    #[error("a key is shared among {MIN_THRESHOLD} to {MAX_HOLDERS} holders")]
    Holders,
    #[error("of {0} holders, {MIN_THRESHOLD} to {0} are to release")]
    Threshold(u8),
    #[error("a dealing is for 1 to {MAX_RECORDS} records")]
    Records,
    #[error("a commitment is no element of ristretto255, or its identity")]
    Commitment,
}

/// One holder's share of the secret of one record, verified against its dealing. Wiped when
/// dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Share {
    pub(super) index: u8,
    pub(super) value: Scalar,
}

/// The secret of one record, under which its key is wrapped. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(pub(super) Scalar);

/// What a dealer has in hand.
pub struct Dealt {
    pub dealing: Dealing,
    /// Of each record.
    pub secrets: Vec<Secret>,
    /// Of each holder, in the order of their indices from 1: one share for each record.
    pub shares: Vec<Vec<Share>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    #[error("{have} of {need} shares")]
    TooFew { have: usize, need: usize },
    /// By the holder of this index.
    #[error("the share of holder {0} is not what the commitments say")]
    Bad(u8),
}

impl Dealing {
    /// Reads what a note or a message says, and refuses what no honest dealer makes.
    pub fn new(
        threshold: u8,
        holders: u8,
        commitments: Vec<[u8; 32]>,
    ) -> Result<Self, DealingError> {
        check(threshold, holders)?;
        let per_record = usize::from(threshold);
        if commitments.is_empty()
            || !commitments.len().is_multiple_of(per_record)
            || commitments.len() / per_record > MAX_RECORDS
        {
            return Err(DealingError::Records);
        }
        if commitments.iter().any(|c| point(c).is_none()) {
            return Err(DealingError::Commitment);
        }
        Ok(Self {
            threshold,
            holders,
            commitments,
        })
    }

    /// So many holders release.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// Among so many.
    pub fn holders(&self) -> u8 {
        self.holders
    }

    pub fn records(&self) -> usize {
        self.commitments.len() / usize::from(self.threshold)
    }

    /// Of the first record, then of the second, and so on.
    pub fn commitments(&self) -> &[[u8; 32]] {
        &self.commitments
    }

    /// Reads a share of the record at `place`; `None` unless it is what the commitments say of the
    /// holder of that index.
    pub fn share(&self, place: usize, index: u8, value: &[u8; 32]) -> Option<Share> {
        let value = Option::from(Scalar::from_canonical_bytes(*value))?;
        let share = Share { index, value };
        self.is_of(place, &share).then_some(share)
    }

    /// Whether the commitments to the record at `place` say this of this holder.
    pub fn is_of(&self, place: usize, share: &Share) -> bool {
        let per_record = usize::from(self.threshold);
        let Some(commitments) = self.commitments.chunks_exact(per_record).nth(place) else {
            return false;
        };
        if !(1..=self.holders).contains(&share.index) {
            return false;
        }
        let points: Option<Vec<Commitment>> = commitments
            .iter()
            .map(|c| point(c).map(Commitment::from))
            .collect();
        let Some(points) = points else {
            return false;
        };
        verifiers(&points).verify_share(&share.point()).is_ok()
    }

    /// The secret of the record at `place`, from shares of as many holders as the threshold says.
    /// A share that counts twice counts once.
    pub fn combine(&self, place: usize, shares: &[Share]) -> Result<Secret, CombineError> {
        let mut points: Vec<Point> = Vec::new();
        for share in shares {
            if !self.is_of(place, share) {
                return Err(CombineError::Bad(share.index));
            }
            let point = share.point();
            if points.iter().all(|p| p.identifier != point.identifier) {
                points.push(point);
            }
        }
        let need = usize::from(self.threshold);
        let points = Points(points);
        let too_few = CombineError::TooFew {
            have: points.0.len(),
            need,
        };
        let enough = points.0.get(..need).ok_or(too_few)?;
        let secret = enough.combine().map_err(|_| too_few)?;
        Ok(Secret(secret.0))
    }
}

/// The library's form of shares, wiped when dropped.
struct Points(Vec<Point>);

impl Drop for Points {
    fn drop(&mut self) {
        for point in &mut self.0 {
            point.value.0.zeroize();
        }
    }
}

/// Draws a secret for each of `records` and deals it among `holders`, of whom any `threshold`
/// restore it.
pub fn deal(
    threshold: u8,
    holders: u8,
    records: usize,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Dealt, DealingError> {
    check(threshold, holders)?;
    if !(1..=MAX_RECORDS).contains(&records) {
        return Err(DealingError::Records);
    }
    let mut secrets = Vec::with_capacity(records);
    let mut commitments = Vec::with_capacity(records * usize::from(threshold));
    let mut shares = vec![Vec::with_capacity(records); usize::from(holders)];
    for _ in 0..records {
        let secret = Secret(Scalar::random(rng));
        let (points, verifiers) = feldman::split_secret::<Point, Commitment>(
            threshold.into(),
            holders.into(),
            &IdentifierPrimeField(secret.0),
            None,
            &mut *rng,
        )
        .expect("threshold and number of holders were checked");
        let points = Points(points);
        let set = FeldmanVerifierSet::<Point, Commitment>::verifiers(&verifiers);
        commitments.extend(set.iter().map(|c| c.0.compress().to_bytes()));
        for ((index, of_holder), point) in (1..).zip(&mut shares).zip(&points.0) {
            of_holder.push(Share {
                index,
                value: point.value.0,
            });
        }
        secrets.push(secret);
    }
    Ok(Dealt {
        dealing: Dealing {
            threshold,
            holders,
            commitments,
        },
        secrets,
        shares,
    })
}

/// Whether a key can be shared so.
pub fn check(threshold: u8, holders: u8) -> Result<(), DealingError> {
    if !(MIN_THRESHOLD..=MAX_HOLDERS).contains(&usize::from(holders)) {
        return Err(DealingError::Holders);
    }
    if usize::from(threshold) < MIN_THRESHOLD || threshold > holders {
        return Err(DealingError::Threshold(holders));
    }
    Ok(())
}

fn verifiers(commitments: &[Commitment]) -> impl FeldmanVerifierSet<Point, Commitment> + use<> {
    <Vec<Commitment> as FeldmanVerifierSet<Point, Commitment>>::with_generator_and_verifiers(
        Commitment::generator(),
        commitments,
    )
}

fn point(encoding: &[u8; 32]) -> Option<RistrettoPoint> {
    CompressedRistretto(*encoding)
        .decompress()
        .filter(|p| !p.is_identity())
}

impl Share {
    /// The holder's, from 1: where its polynomial is evaluated.
    pub fn index(&self) -> u8 {
        self.index
    }

    pub(crate) fn to_bytes(&self) -> [u8; 32] {
        self.value.to_bytes()
    }

    fn point(&self) -> Point {
        DefaultShare {
            identifier: IdentifierPrimeField(Scalar::from(self.index)),
            value: IdentifierPrimeField(self.value),
        }
    }
}

impl Secret {
    /// Little-endian.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({}, [redacted])", self.index)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}
