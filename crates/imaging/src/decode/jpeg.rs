//! JPEG (ITU-T T.81): baseline, extended with 8 and 12 bits, lossless. Components stay as they
//! are coded: the colour transform belongs to display.

use openreadout_codecs::{CodecError, JpegColor, jpeg_decode_tiff_limited};

use super::{Layout, widen};
use crate::refusal::DecodeError;

pub(super) fn decode(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let limit = layout.pixels() * layout.samples * 2;
    let raster =
        jpeg_decode_tiff_limited(encoded, None, JpegColor::AsCoded, limit).map_err(|e| match e {
            CodecError::Unsupported { detail, .. } => layout.unsupported(detail),
            other => DecodeError::Damaged(other.to_string()),
        })?;
    let size = (raster.height as usize, raster.width as usize, raster.channels as usize);
    if size != (layout.rows, layout.columns, layout.samples) {
        return Err(DecodeError::Damaged(format!(
            "a frame is {} x {} with {} components, not {} x {} with {}",
            size.0, size.1, size.2, layout.rows, layout.columns, layout.samples
        )));
    }
    match (raster.bits_per_sample, layout.bits_allocated) {
        (8, 8) | (16, 16) => Ok(raster.data),
        (8, 16 | 32) => Ok(widen(&raster.data, layout.sample_bytes())),
        (bits, _) => Err(DecodeError::Damaged(format!(
            "a frame has {bits} bits per sample, more than its {} allocated",
            layout.bits_allocated
        ))),
    }
}
