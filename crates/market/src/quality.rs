//! Proof of Quality (white paper 5.2.3): what a contribution weighs.
//!
//! Seven dimensions, each with a share Rᵢ and a value Vᵢ, both in parts per million. The
//! denominator Σ VⱼRⱼ runs over all seven at their greatest value, which is 10⁶ · 10⁶; so the
//! quality q is Σ VᵢRᵢ of what the record has, in parts per million, and every product is whole.

use alloy_primitives::U256;

/// 1.0 of a weight.
pub const WEIGHT_ONE: u64 = 1_000_000_000_000_000_000;
/// Full similarity, in sixteenths.
pub const SIXTEENTHS: u8 = 16;

/// VᵢRᵢ / 10⁶ of the kinds, by bit: diagnosis, prescription, imaging, laboratory, vital signs.
const KINDS_PPM: [u32; 5] = [150_000, 100_000, 200_000, 150_000, 100_000];
/// Of the hospital's grade: secondary, tertiary, top tertiary.
const GRADES_PPM: [u32; 3] = [60_000, 105_000, 150_000];
/// Of the disease's class: common, difficult, rare, infectious.
const DISEASES_PPM: [u32; 4] = [37_500, 90_000, 150_000, 120_000];
/// Bits that a packed quality uses: kinds 0–4, grade 8–9, disease class 16–17.
const USED_BITS: u32 = 0x0003_031f;
/// 10¹⁸ / 10⁶ / 16.
const WEIGHT_STEP: u64 = WEIGHT_ONE / 1_000_000 / SIXTEENTHS as u64;

/// Quality of a record in parts per million, 1 to 1 000 000, from its packed attributes.
/// `None` where they are none: no kind, no such grade, or a bit that has no meaning.
pub fn quality_ppm(packed: u32) -> Option<u32> {
    let kinds = packed & 0x1f;
    if kinds == 0 || packed & !USED_BITS != 0 {
        return None;
    }
    let of_kinds: u32 = KINDS_PPM
        .iter()
        .enumerate()
        .filter(|(i, _)| kinds >> i & 1 == 1)
        .map(|(_, ppm)| ppm)
        .sum();
    let grade = GRADES_PPM.get((packed >> 8 & 3) as usize)?;
    let disease = DISEASES_PPM[(packed >> 16 & 3) as usize];
    Some(of_kinds + grade + disease)
}

/// Weight w = q · (1 − S) of a contribution, 10¹⁸ = 1.0; exact. A copy weighs nothing.
/// `None` where the quality or the similarity is none.
pub fn weight(packed_quality: u32, similarity_sixteenths: u8) -> Option<U256> {
    let new = SIXTEENTHS.checked_sub(similarity_sixteenths)?;
    let q = quality_ppm(packed_quality)?;
    Some(U256::from(q) * U256::from(new) * U256::from(WEIGHT_STEP))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn imaging_of_a_rare_disease_at_a_top_hospital_is_half_of_everything() {
        let packed = 1 << 2 | 2 << 8 | 2 << 16;
        assert_eq!(quality_ppm(packed), Some(500_000));
        assert_eq!(weight(packed, 0), Some(U256::from(WEIGHT_ONE / 2)));
        assert_eq!(weight(packed, 8), Some(U256::from(WEIGHT_ONE / 4)));
        assert_eq!(weight(packed, 16), Some(U256::ZERO));
        assert_eq!(weight(packed, 17), None);
    }

    #[test]
    fn the_best_record_weighs_one() {
        assert_eq!(
            weight(0x1f | 2 << 8 | 2 << 16, 0),
            Some(U256::from(WEIGHT_ONE))
        );
    }

    #[test]
    fn attributes_without_meaning_have_no_quality() {
        for packed in [
            0,
            0x0000_0200,
            0x0000_0301,
            0x0000_0021,
            0x8000_0001,
            0x0004_0001,
        ] {
            assert_eq!(quality_ppm(packed), None, "{packed:#x}");
        }
    }

    proptest! {
        #[test]
        fn a_weight_lies_between_nothing_and_one(packed: u32, s in 0u8..=16) {
            if let Some(w) = weight(packed & USED_BITS, s) {
                prop_assert!(w <= U256::from(WEIGHT_ONE));
                prop_assert_eq!(w.is_zero(), s == 16);
            }
        }

        #[test]
        fn what_is_more_alike_weighs_less(packed: u32, s in 0u8..16) {
            if let (Some(newer), Some(older)) =
                (weight(packed & USED_BITS, s), weight(packed & USED_BITS, s + 1))
            {
                prop_assert!(newer > older);
            }
        }
    }
}
