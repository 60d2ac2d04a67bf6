//! JPEG (ITU-T T.81): baseline, extended with 8 and 12 bits, lossless. Components stay as they
//! are coded: the colour transform belongs to display.

use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};
use openreadout_codecs::{CodecError, JpegColor, jpeg_decode_tiff_limited, jpeg_markers};

use super::{Layout, widen};
use crate::refusal::DecodeError;

/// Coding process of the lossless frame header, SOF3.
const LOSSLESS: u8 = 3;

struct Raster {
    rows: usize,
    columns: usize,
    components: usize,
    sample_bytes: usize,
    /// Little-endian, interleaved.
    data: Vec<u8>,
}

pub(super) fn decode(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let damaged = |e: &dyn std::fmt::Display| DecodeError::Damaged(e.to_string());
    let markers = jpeg_markers(encoded, None).map_err(|e| damaged(&e))?;
    let limit = layout.pixels() * layout.samples * 2;
    let raster = if markers.process == LOSSLESS {
        decode_lossless(encoded, limit).map_err(|e| damaged(&e))?
    } else {
        decode_dct(layout, encoded, limit)?
    };
    let size = (raster.rows, raster.columns, raster.components);
    if size != (layout.rows, layout.columns, layout.samples) {
        return Err(DecodeError::Damaged(format!(
            "a frame is {} x {} with {} components, not {} x {} with {}",
            size.0, size.1, size.2, layout.rows, layout.columns, layout.samples
        )));
    }
    match (raster.sample_bytes, layout.sample_bytes()) {
        (have, want) if have == want => Ok(raster.data),
        (1, want) => Ok(widen(&raster.data, want)),
        (have, want) => Err(DecodeError::Damaged(format!(
            "a frame has samples of {have} bytes, not {want}"
        ))),
    }
}

/// DCT processes, those of 12 bits too.
fn decode_dct(layout: &Layout, encoded: &[u8], limit: usize) -> Result<Raster, DecodeError> {
    let raster = jpeg_decode_tiff_limited(encoded, None, JpegColor::AsCoded, limit).map_err(
        |e| match e {
            CodecError::Unsupported { detail, .. } => layout.unsupported(detail),
            other => DecodeError::Damaged(other.to_string()),
        },
    )?;
    Ok(Raster {
        rows: raster.height as usize,
        columns: raster.width as usize,
        components: raster.channels as usize,
        sample_bytes: raster.bits_per_sample.div_ceil(8) as usize,
        data: raster.data,
    })
}

/// Lossless frames of 2 to 16 bits and any predictor.
fn decode_lossless(encoded: &[u8], limit: usize) -> Result<Raster, jpeg_decoder::Error> {
    let mut decoder = Decoder::new(encoded);
    decoder.set_color_transform(ColorTransform::None);
    decoder.set_max_decoding_buffer_size(limit);
    decoder.read_info()?;
    let info = decoder.info();
    let too_large = info.is_none_or(|i| {
        usize::from(i.width) * usize::from(i.height) * i.pixel_format.pixel_bytes() > limit
    });
    if too_large {
        return Err(jpeg_decoder::Error::Format(
            "the frame is larger than the image".into(),
        ));
    }
    let mut data = decoder.decode()?;
    let info = decoder.info().expect("a decoded frame has its header");
    let (components, sample_bytes) = match info.pixel_format {
        PixelFormat::L8 => (1, 1),
        PixelFormat::L16 => (1, 2),
        PixelFormat::RGB24 => (3, 1),
        PixelFormat::CMYK32 => (4, 1),
    };
    if sample_bytes == 2 {
        let words = data.as_chunks_mut::<2>().0;
        words
            .iter_mut()
            .for_each(|w| *w = u16::from_ne_bytes(*w).to_le_bytes());
    }
    Ok(Raster {
        rows: info.height.into(),
        columns: info.width.into(),
        components,
        sample_bytes,
        data,
    })
}
