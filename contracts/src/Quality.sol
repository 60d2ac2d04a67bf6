// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Quality attributes of a record, and the weight Proof of Quality gives them
/// @notice Packed in 32 bits: kinds as bits 0–4 (diagnosis, prescription, imaging, laboratory, vital
/// signs), hospital grade in bits 8–9 (0 secondary, 1 tertiary, 2 top tertiary), disease class in
/// bits 16–17 (0 common, 1 difficult, 2 rare, 3 infectious). No other bit is used.
///
/// White paper 5.2.3 reads q = Σ VᵢRᵢ / Σ VⱼRⱼ. There are seven dimensions: the five kinds, the
/// grade and the disease class. R is a dimension's share (together one), V the worth of the value it
/// takes (at most one). The numerator runs over the dimensions that the record has: a kind counts in
/// full where it is present, grade and class by their value. The denominator runs over all seven,
/// each at its greatest value, so that q is at most one and reaches it for a record of every kind
/// from a top tertiary hospital about a rare disease. Grade and class are ordered as the white paper
/// lists them, save that infectious stands between difficult and rare: common, it is still reported.
///
/// | dimension | R | V |
/// |---|---|---|
/// | diagnosis, laboratory | 0.15 each | 1 |
/// | prescription, vital signs | 0.10 each | 1 |
/// | imaging | 0.20 | 1 |
/// | grade | 0.15 | 0.4, 0.7, 1 |
/// | disease class | 0.15 | 0.25, 0.6, 1, 0.8 |
///
/// Every product V·R is a whole number of millionths, so q is exact.
library Quality {
    uint8 internal constant TOP_GRADE = 2;

    uint32 private constant KINDS = 0x1f;
    uint32 private constant USED = 0x0003_031f;

    /// V·R in millionths, 24 bits each, first value lowest.
    uint256 private constant KIND_PPM =
        150_000 | 100_000 << 24 | 200_000 << 48 | 150_000 << 72 | 100_000 << 96;
    uint256 private constant GRADE_PPM = 60_000 | 105_000 << 24 | 150_000 << 48;
    uint256 private constant DISEASE_PPM = 37_500 | 90_000 << 24 | 150_000 << 48 | 120_000 << 72;

    /// Similarity is given in sixteenths: 0 is new, 16 a copy.
    uint8 internal constant COPY = 16;

    /// 10^18 for a weight of one, over a million for q, over sixteen for 1 − S.
    uint256 private constant SCALE = 62_500_000_000;

    /// @notice Whether `packed` has at least one kind, a known grade and no unused bit.
    function isValid(uint32 packed) internal pure returns (bool) {
        return packed & ~USED == 0 && packed & KINDS != 0 && grade(packed) <= TOP_GRADE;
    }

    function grade(uint32 packed) internal pure returns (uint8) {
        return uint8(packed >> 8 & 3);
    }

    /// @notice q in millionths. `packed` must be valid.
    function ppm(uint32 packed) internal pure returns (uint256 q) {
        for (uint256 kind = 0; kind < 5; ++kind) {
            if (packed >> kind & 1 == 1) q += KIND_PPM >> 24 * kind & 0xffffff;
        }
        q += GRADE_PPM >> 24 * grade(packed) & 0xffffff;
        q += DISEASE_PPM >> 24 * (packed >> 16 & 3) & 0xffffff;
    }

    /// @notice w = q·(1 − S), one being 10^18. Exact. `packed` must be valid, `sixteenths` at most 16.
    function weight(uint32 packed, uint8 sixteenths) internal pure returns (uint96) {
        return uint96(ppm(packed) * (COPY - sixteenths) * SCALE);
    }
}
