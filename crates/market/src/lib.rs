//! The market's mathematics in exact integers, the same as the contracts': Proof of Quality,
//! the daily pool, Proof of Traffic, similarity. Pure; amounts are adhl, weights 10¹⁸ = 1.0.

mod pool;
mod quality;
mod similarity;
mod usage;

pub use pool::{Day, Emission};
pub use quality::{SIXTEENTHS, WEIGHT_ONE, quality_ppm, weight};
pub use similarity::{SKETCH_BYTES, similarity_sixteenths};
pub use usage::{cost, cost_hundredths};
