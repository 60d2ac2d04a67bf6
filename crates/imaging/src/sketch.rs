//! A sketch of a study's images that tells how alike two studies are and little else: keyed
//! difference hashes of its slices, reduced to 128 bytes by min-wise hashing (Broder 1997; the
//! low byte of each minimum as Li and König 2010).
//!
//! Without the key one can neither compute a study's sketch nor craft images that look new to
//! it. Windowing, rescaling, slight noise, order and duplication of slices change it little.

use sha2::{Digest, Sha256};

use crate::decode::StoredFrame;

/// Length of a sketch: one byte for each of its hash functions.
pub const SKETCH_BYTES: usize = 128;

/// Cells along each side of the grid that a slice is averaged to.
const GRID: usize = 32;
/// Comparisons that make a feature.
const WORD_BITS: usize = 16;
/// Features of a slice.
const WORDS: usize = 16;
/// Part of a slice's range by which one cell must exceed another: below it noise decides.
const MARGIN: f64 = 0.02;

/// Builds a sketch slice by slice.
#[derive(Clone)]
pub struct Sketcher {
    key: [u8; 32],
    /// Cells that are compared, by word and bit.
    pairs: Vec<(usize, usize)>,
    functions: Vec<u64>,
    minima: [u64; SKETCH_BYTES],
}

impl Sketcher {
    pub fn new(key: &[u8; 32]) -> Self {
        let cells = GRID * GRID;
        let pair = |i: usize| {
            let drawn = keyed(key, b"pair", i as u64);
            let first = (drawn as u32) as usize % cells;
            // An offset that is never a multiple of the number of cells: two different cells.
            let second = first + 1 + (drawn >> 32) as usize % (cells - 1);
            (first, second % cells)
        };
        Self {
            key: *key,
            pairs: (0..WORDS * WORD_BITS).map(pair).collect(),
            functions: (0..SKETCH_BYTES)
                .map(|i| keyed(key, b"function", i as u64))
                .collect(),
            minima: [u64::MAX; SKETCH_BYTES],
        }
    }

    /// Takes a slice in. Slices without content (one value everywhere) add nothing.
    pub fn add(&mut self, frame: &StoredFrame) {
        let Some(grid) = average(frame) else { return };
        let (low, high) = grid
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(*v), h.max(*v))
            });
        let margin = (high - low) * MARGIN;
        if margin.is_nan() || margin <= 0.0 {
            return;
        }
        for (index, word) in self.pairs.chunks(WORD_BITS).enumerate() {
            let bits = word.iter().fold(0u64, |bits, (a, b)| {
                bits << 1 | u64::from(grid[*a] - grid[*b] > margin)
            });
            // Background alone: every study has it.
            if bits == 0 {
                continue;
            }
            let feature = keyed(&self.key, b"feature", (index as u64) << WORD_BITS | bits);
            for (minimum, function) in self.minima.iter_mut().zip(&self.functions) {
                *minimum = (*minimum).min(permute(feature ^ function));
            }
        }
    }

    /// The low byte of each minimum.
    pub fn finish(self) -> [u8; SKETCH_BYTES] {
        self.minima.map(|m| m as u8)
    }
}

/// Sketches a sequence of slices.
pub fn sketch<'a>(
    frames: impl IntoIterator<Item = &'a StoredFrame>,
    key: &[u8; 32],
) -> [u8; SKETCH_BYTES] {
    let mut sketcher = Sketcher::new(key);
    frames.into_iter().for_each(|frame| sketcher.add(frame));
    sketcher.finish()
}

/// Means of the cells of a grid laid over the slice; the samples of a pixel count together.
/// `None` where the slice is smaller than the grid.
fn average(frame: &StoredFrame) -> Option<Vec<f64>> {
    let (rows, columns) = (frame.rows as usize, frame.columns as usize);
    let samples = usize::from(frame.samples_per_pixel);
    if rows < GRID || columns < GRID {
        return None;
    }
    let mut cells = vec![(0.0, 0u32); GRID * GRID];
    for (i, value) in frame.samples().enumerate() {
        let (row, column) = (i / samples / columns, i / samples % columns);
        let cell = &mut cells[(row * GRID / rows).min(GRID - 1) * GRID + column * GRID / columns];
        if value.is_finite() {
            *cell = (cell.0 + value, cell.1 + 1);
        }
    }
    Some(
        cells
            .into_iter()
            .map(|(sum, n)| sum / f64::from(n.max(1)))
            .collect(),
    )
}

/// 64 bits that depend on the key, the use and the input.
fn keyed(key: &[u8; 32], usage: &[u8], input: u64) -> u64 {
    let digest = Sha256::new()
        .chain_update(key)
        .chain_update([usage.len() as u8])
        .chain_update(usage)
        .chain_update(input.to_be_bytes())
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// A fixed permutation of 64-bit words (the finaliser of SplitMix64): with a word of the key
/// mixed in before, one hash function of the family.
fn permute(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    /// A slice of soft blobs, the more alike the nearer `shape` and `z` are.
    fn slice(shape: f64, z: f64, gain: f64, noise: f64) -> StoredFrame {
        let side = 96;
        let mut state = 1u64;
        let data = (0..side * side)
            .flat_map(|i| {
                let (x, y) = (
                    (i % side) as f64 / 96.0 - 0.5,
                    (i / side) as f64 / 96.0 - 0.5,
                );
                let blob = |cx: f64, cy: f64, r: f64| {
                    (-((x - cx).powi(2) + (y - cy).powi(2)) / (r * r)).exp()
                };
                let value = blob(0.0, 0.0, 0.3)
                    + blob(
                        0.2 * (shape * 3.0).sin(),
                        0.2 * (shape * 5.0 + z).cos(),
                        0.1,
                    )
                    - blob(
                        0.2 * (shape * 7.0 + z).cos(),
                        0.2 * (shape * 2.0).sin(),
                        0.08,
                    );
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let jitter = ((state >> 40) as f64 / (1 << 24) as f64 - 0.5) * noise;
                (((value + 1.0) * 500.0 * gain + jitter) as u16).to_le_bytes()
            })
            .collect();
        StoredFrame {
            rows: side,
            columns: side,
            samples_per_pixel: 1,
            bits_allocated: 16,
            bits_stored: 16,
            signed: false,
            float: false,
            photometric: "MONOCHROME2".into(),
            frames: 1,
            transfer_syntax: "1.2.840.10008.1.2.1".into(),
            data,
        }
    }

    fn study(shape: f64, gain: f64, noise: f64) -> Vec<StoredFrame> {
        (0..24)
            .map(|z| slice(shape, f64::from(z) * 0.08, gain, noise))
            .collect()
    }

    fn equal(a: [u8; 128], b: [u8; 128]) -> usize {
        a.iter().zip(b).filter(|(x, y)| **x == *y).count()
    }

    #[test]
    fn a_copy_is_a_copy_in_any_order_and_brightness() {
        let original = study(1.0, 1.0, 0.0);
        let base = sketch(&original, &KEY);
        assert_eq!(sketch(original.iter().rev().chain(&original), &KEY), base);
        assert!(equal(sketch(&study(1.0, 3.0, 0.0), &KEY), base) > 115);
        assert!(equal(sketch(&study(1.0, 1.0, 4.0), &KEY), base) > 80);
    }

    #[test]
    fn other_studies_are_not_alike_and_half_of_one_is_between() {
        let (one, other) = (study(1.0, 1.0, 0.0), study(2.3, 1.0, 0.0));
        let base = sketch(&one, &KEY);
        let half = equal(sketch(&one[..12], &KEY), base);
        let different = equal(sketch(&other, &KEY), base);
        assert!(different < 30, "{different}");
        assert!(half > different && half < 128, "{half}");
    }

    #[test]
    fn another_key_gives_another_sketch() {
        let one = study(1.0, 1.0, 0.0);
        assert!(equal(sketch(&one, &KEY), sketch(&one, &[8; 32])) < 10);
    }

    /// Committees compare sketches that were made years apart.
    #[test]
    fn the_sketch_of_a_slice_stays_what_it_is() {
        let mut ramp = slice(1.0, 0.0, 1.0, 0.0);
        ramp.data = (0..96u16 * 96)
            .flat_map(|i| ((i % 96) * (i / 96) + 7 * (i % 13)).to_le_bytes())
            .collect();
        let sketch = sketch([&ramp], &KEY);
        let hex: String = sketch[..16].iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "93348957c76e4899d20515f4e407d989");
    }

    #[test]
    fn a_slice_without_content_says_nothing() {
        let mut flat = slice(1.0, 0.0, 1.0, 0.0);
        flat.data.fill(3);
        assert_eq!(sketch([&flat], &KEY), [0xff; 128]);
    }
}
