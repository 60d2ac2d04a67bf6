//! RLE Lossless (PS3.5, annex G): the header gives up to 15 segments, one for each byte of each
//! sample, most significant first; each is PackBits.

use openreadout_codecs::packbits_decode;

use super::Layout;
use crate::refusal::DecodeError;

const HEADER: usize = 64;

pub(super) fn decode(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let header: &[u8; HEADER] = encoded
        .first_chunk()
        .ok_or_else(|| DecodeError::Damaged("an RLE frame has no header".into()))?;
    let words: Vec<usize> = header
        .as_chunks::<4>()
        .0
        .iter()
        .map(|w| u32::from_le_bytes(*w) as usize)
        .collect();
    let sample_bytes = layout.sample_bytes();
    let segments = layout.samples * sample_bytes;
    if words[0] != segments || segments > 15 {
        return Err(DecodeError::Damaged(format!(
            "an RLE frame has {} segments, not {segments}",
            words[0]
        )));
    }
    let mut data = vec![0; layout.frame_bytes()];
    for segment in 0..segments {
        let start = words[1 + segment];
        let end = if segment + 1 < segments {
            words[2 + segment]
        } else {
            encoded.len()
        };
        let packed = encoded
            .get(start..end)
            .filter(|_| start >= HEADER)
            .ok_or_else(|| DecodeError::Damaged("an RLE segment lies outside its frame".into()))?;
        let plane = packbits_decode(packed, layout.pixels())
            .map_err(|e| DecodeError::Damaged(e.to_string()))?;
        if plane.len() != layout.pixels() {
            return Err(DecodeError::Damaged("an RLE segment ends early".into()));
        }
        let (sample, significance) = (segment / sample_bytes, segment % sample_bytes);
        let first = sample * sample_bytes + (sample_bytes - 1 - significance);
        for (byte, value) in data[first..].iter_mut().step_by(segments).zip(plane) {
            *byte = value;
        }
    }
    Ok(data)
}
