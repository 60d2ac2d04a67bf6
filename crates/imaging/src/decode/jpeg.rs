//! JPEG (ITU-T T.81): baseline, extended with 8 and 12 bits, lossless. Components stay as they
//! are coded: the colour transform belongs to display.

use std::ops::Range;

use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};
use openreadout_codecs::{CodecError, JpegColor, jpeg_decode_tiff_limited, jpeg_markers};

use super::{Layout, widen};
use crate::refusal::DecodeError;

/// Coding process of the lossless frame header, SOF3.
const LOSSLESS: u8 = 3;
/// Markers of frames with spectral selection.
const PROGRESSIVE: [u8; 4] = [0xc2, 0xc6, 0xca, 0xce];
const START_OF_SCAN: u8 = 0xda;

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
    let mended = with_whole_spectrum(encoded);
    let encoded = mended.as_deref().unwrap_or(encoded);
    let raster = jpeg_decode_tiff_limited(encoded, None, JpegColor::AsCoded, limit).map_err(
        |e| match e {
            CodecError::Unsupported { detail, .. } => layout.unsupported(detail),
            other => DecodeError::Damaged(other.to_string()),
        },
    )?;
    let mut data = raster.data;
    if raster.bits_per_sample > 8 && !layout.signed {
        // Ringing reaches above what is stored; cut off later, it would wrap to black.
        let white = u16::MAX >> (16 - layout.bits_stored.min(16));
        for word in data.as_chunks_mut::<2>().0 {
            *word = u16::from_le_bytes(*word).min(white).to_le_bytes();
        }
    }
    Ok(Raster {
        rows: raster.height as usize,
        columns: raster.width as usize,
        components: raster.channels as usize,
        sample_bytes: raster.bits_per_sample.div_ceil(8) as usize,
        data,
    })
}

/// The contents of the first segment of one of `kinds` (T.81, B.1.1.4), up to the first scan's
/// header.
fn segment(stream: &[u8], kinds: &[u8]) -> Option<Range<usize>> {
    let mut at = 2;
    loop {
        let [marker, kind, high, low] = *stream.get(at..)?.first_chunk()?;
        match (marker, kind) {
            (0xff, 0xff) => at += 1,
            (0xff, _) => {
                let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
                if kinds.contains(&kind) {
                    return (at + 4 <= end && end <= stream.len()).then_some(at + 4..end);
                }
                if kind == START_OF_SCAN {
                    return None;
                }
                at = end.max(at + 4);
            }
            _ => return None,
        }
    }
}

/// The stream with the scan's last coefficient set to 63, where it is 0. A sequential scan has
/// the whole spectrum (T.81, B.2.3), but some encoders of 12 bits write 0 there. `None` where
/// there is nothing to mend.
fn with_whole_spectrum(stream: &[u8]) -> Option<Vec<u8>> {
    if segment(stream, &PROGRESSIVE).is_some() {
        return None;
    }
    // Ss, Se, Ah and Al end the header.
    let end = segment(stream, &[START_OF_SCAN])?.end;
    let spectrum = stream.get(end - 3..end)?;
    (spectrum == [0, 0, 0]).then(|| {
        let mut mended = stream.to_vec();
        mended[end - 2] = 63;
        mended
    })
}

/// The stream with the frame's quantisation tables set to 0, where they are not. A lossless frame
/// has none (T.81, B.2.2), but some encoders number them as for DCT. `None` where there is nothing
/// to mend.
fn without_tables(stream: &[u8]) -> Option<Vec<u8>> {
    let frame = segment(stream, &[0xc0 | LOSSLESS])?;
    // Precision, lines, samples and the number of components come first.
    let tables: Vec<usize> = frame.skip(6).skip(2).step_by(3).collect();
    tables.iter().any(|at| stream[*at] != 0).then(|| {
        let mut mended = stream.to_vec();
        tables.iter().for_each(|at| mended[*at] = 0);
        mended
    })
}

/// Lossless frames of 2 to 16 bits and any predictor.
fn decode_lossless(encoded: &[u8], limit: usize) -> Result<Raster, jpeg_decoder::Error> {
    let mended = without_tables(encoded);
    let mut decoder = Decoder::new(mended.as_deref().unwrap_or(encoded));
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
