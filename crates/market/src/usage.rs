//! Proof of Traffic (white paper, C(x)): what the use of an application costs, as printed. The
//! pieces do not meet at 100, 500, 2000, 10000 and 50000; the paper's numbers stand.

use alloy_primitives::U256;

/// One piece of C(x)/θ = slope · x − offset, both in hundredths, up to and with `last`.
struct Piece {
    last: u64,
    slope: u64,
    offset: u64,
}

const PIECES: [Piece; 6] = [
    Piece {
        last: 5,
        slope: 1,
        offset: 0,
    },
    Piece {
        last: 100,
        slope: 3,
        offset: 10,
    },
    Piece {
        last: 500,
        slope: 5,
        offset: 200,
    },
    Piece {
        last: 2_000,
        slope: 10,
        offset: 2_500,
    },
    Piece {
        last: 10_000,
        slope: 20,
        offset: 20_000,
    },
    Piece {
        last: 50_000,
        slope: 35,
        offset: 150_000,
    },
];
const BEYOND: u64 = 1_750_000;
const HUNDREDTHS: u64 = 100;

/// C(x)/θ in hundredths for `uses` in the period.
pub fn cost_hundredths(uses: u64) -> u64 {
    PIECES
        .iter()
        .find(|piece| uses <= piece.last)
        .map_or(BEYOND, |piece| piece.slope * uses - piece.offset)
}

/// C(x) for a unit price θ, rounded down to a base unit; `None` where it exceeds 256 bits.
pub fn cost(uses: u64, theta: U256) -> Option<U256> {
    let hundredfold = theta.checked_mul(U256::from(cost_hundredths(uses)))?;
    Some(hundredfold / U256::from(HUNDREDTHS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_as_printed_at_both_its_ends() {
        let printed = [
            (0, 0),
            (5, 5),
            (6, 8),
            (100, 290),
            (101, 305),
            (500, 2_300),
            (501, 2_510),
            (2_000, 17_500),
            (2_001, 20_020),
            (10_000, 180_000),
            (10_001, 200_035),
            (50_000, 1_600_000),
            (50_001, 1_750_000),
            (u64::MAX, 1_750_000),
        ];
        for (uses, hundredths) in printed {
            assert_eq!(cost_hundredths(uses), hundredths, "x = {uses}");
        }
    }

    #[test]
    fn use_never_gets_cheaper_with_more_of_it() {
        let costs: Vec<_> = (0..60_000).map(cost_hundredths).collect();
        assert!(costs.is_sorted());
    }

    #[test]
    fn a_price_is_rounded_down_to_base_units() {
        assert_eq!(cost(6, U256::from(1_000)), Some(U256::from(80)));
        assert_eq!(cost(1, U256::from(99)), Some(U256::ZERO));
        assert_eq!(cost(60_000, U256::MAX), None);
    }
}
