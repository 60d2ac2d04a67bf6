//! Deflated Image Frame Compression (PS3.5, A.4.13): each frame is native pixel data, deflated by
//! itself. Bits of single-bit samples begin anew with each frame.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::{Layout, interleave, unpack_bits};
use crate::refusal::DecodeError;

pub(super) fn decode(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let samples = layout.pixels() * layout.samples;
    let needed = match layout.bits_allocated {
        1 => samples.div_ceil(8),
        _ => layout.frame_bytes(),
    };
    let mut data = Vec::new();
    DeflateDecoder::new(encoded)
        // The frame may be padded to an even length before it is deflated.
        .take(needed as u64 + 1)
        .read_to_end(&mut data)
        .map_err(|e| DecodeError::Damaged(format!("a frame does not inflate: {e}")))?;
    if data.len() < needed {
        return Err(DecodeError::Damaged("a deflated frame is too short".into()));
    }
    data.truncate(needed);
    if layout.bits_allocated == 1 {
        return Ok(unpack_bits(&data, 0, samples));
    }
    Ok(match layout.planar {
        true => interleave(&data, layout.samples, layout.sample_bytes()),
        false => data,
    })
}
