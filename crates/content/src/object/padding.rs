/// Padmé: the least length at or above `len` whose mantissa is no longer than its exponent's, so
/// that a length tells O(log log len) bits. At most 12 % above.
/// Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication
/// with PURBs", PoPETs 2019(4), section 4.
pub fn padme(len: u64) -> u64 {
    if len < 2 {
        return len;
    }
    let exponent = len.ilog2();
    let mantissa_bits = exponent.ilog2() + 1;
    let mask = (1u64 << exponent.saturating_sub(mantissa_bits)) - 1;
    len.checked_add(mask)
        .map_or(u64::MAX, |padded| padded & !mask)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_of_the_paper() {
        assert_eq!([0, 1, 2, 8, 9, 100].map(padme), [0, 1, 2, 8, 10, 104]);
        assert_eq!(padme(1 << 20), 1 << 20);
        assert_eq!(padme((1 << 20) + 1), (1 << 20) + (1 << 15));
    }

    proptest! {
        #[test]
        fn padding_adds_at_most_twelve_percent(len in 0u64..1 << 50) {
            let padded = padme(len);
            prop_assert!(padded >= len);
            prop_assert!((padded - len) as f64 <= len as f64 * 0.12);
            prop_assert_eq!(padme(padded), padded);
        }
    }
}
