//! Comparing similarity sketches: 128 minimum hashes, the low byte of each.

/// Length of a sketch.
pub const SKETCH_BYTES: usize = 128;

/// Similarity S of two sketches in sixteenths, 0 (new) to 16 (a copy).
///
/// Of unrelated content, one byte in 256 agrees by chance; that share is taken off (b-bit
/// minwise hashing, Li and König 2010): J = (m/128 − 1/256) / (1 − 1/256) for m equal bytes,
/// rounded to the nearest sixteenth.
pub fn similarity_sixteenths(a: &[u8; SKETCH_BYTES], b: &[u8; SKETCH_BYTES]) -> u8 {
    let equal = a.iter().zip(b).filter(|(x, y)| x == y).count() as u64;
    // J = (256 m − 128) / (255 · 128).
    let numerator = (256 * equal).saturating_sub(128) * 16;
    let denominator = 255 * 128;
    ((numerator + denominator / 2) / denominator) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_equal(m: usize) -> u8 {
        let a = [7; SKETCH_BYTES];
        let mut b = [8; SKETCH_BYTES];
        b[..m].fill(7);
        similarity_sixteenths(&a, &b)
    }

    #[test]
    fn chance_is_new_and_a_copy_is_a_copy() {
        assert_eq!(
            [0, 1, 2, 64, 127, 128].map(with_equal),
            [0, 0, 0, 8, 16, 16]
        );
    }

    proptest! {
        #[test]
        fn more_agreement_is_never_less_alike(m in 0usize..128) {
            prop_assert!(with_equal(m) <= with_equal(m + 1));
        }

        #[test]
        fn the_order_of_two_does_not_matter(a in any::<[u8; 32]>(), b in any::<[u8; 32]>()) {
            let wide = |x: [u8; 32]| std::array::from_fn(|i| x[i % 32] % 4);
            let (a, b) = (wide(a), wide(b));
            prop_assert_eq!(similarity_sixteenths(&a, &b), similarity_sixteenths(&b, &a));
            prop_assert_eq!(similarity_sixteenths(&a, &a), 16);
        }
    }
}
