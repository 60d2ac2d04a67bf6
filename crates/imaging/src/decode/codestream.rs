//! JPEG 2000, HTJ2K and JPEG-LS through `dicom-pixeldata`. Their headers are read first: the
//! codecs allocate and write by the codestream's own dimensions, which must be the image's.

use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_pixeldata::PixelDecoder;

use super::{Layout, interleave, widen};
use crate::refusal::DecodeError;

fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged(what.to_owned())
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

/// What the SIZ marker segment (ITU-T T.800, A.5.1) says.
struct Siz {
    rows: usize,
    columns: usize,
    /// Bits and signedness of each component.
    components: Vec<(u16, bool)>,
    subsampled: bool,
}

fn parse_siz(codestream: &[u8]) -> Option<Siz> {
    // Some writers encapsulate a whole JP2 file; its boxes come before.
    let soc = codestream
        .windows(4)
        .take(1 << 12)
        .position(|w| w == [0xff, 0x4f, 0xff, 0x51])?;
    let siz = &codestream[soc + 4..];
    let count = be16(siz, 36)?;
    let parts = siz.get(38..38 + 3 * count)?;
    Some(Siz {
        columns: be32(siz, 4)?.checked_sub(be32(siz, 12)?)?,
        rows: be32(siz, 8)?.checked_sub(be32(siz, 16)?)?,
        components: parts
            .chunks_exact(3)
            .map(|c| (u16::from(c[0] & 0x7f) + 1, c[0] & 0x80 != 0))
            .collect(),
        subsampled: parts.chunks_exact(3).any(|c| c[1] != 1 || c[2] != 1),
    })
}

pub(super) fn decode_jpeg_2000(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let siz = parse_siz(encoded).ok_or_else(|| damaged("a frame is not JPEG 2000"))?;
    if (siz.rows, siz.columns, siz.components.len())
        != (layout.rows, layout.columns, layout.samples)
    {
        return Err(damaged(
            "a JPEG 2000 frame has other dimensions than the image",
        ));
    }
    if siz.subsampled {
        return Err(layout.unsupported("JPEG 2000 with subsampled components"));
    }
    if !matches!(layout.bits_allocated, 1 | 8 | 16) {
        return Err(layout.unsupported(format!("JPEG 2000 of {} bits", layout.bits_allocated)));
    }
    if siz
        .components
        .iter()
        .any(|(bits, _)| *bits > layout.bits_allocated)
    {
        return Err(damaged(
            "a JPEG 2000 frame has more bits than the image allocates",
        ));
    }
    decode_with_pixeldata(layout, encoded)
}

/// What SOF55 and SOS (ISO 14495-1, C.2) say.
struct JpegLsHeader {
    bits: u16,
    rows: usize,
    columns: usize,
    components: usize,
    /// The components come in scans of their own.
    planar: bool,
}

fn parse_jpeg_ls(stream: &[u8]) -> Option<JpegLsHeader> {
    let mut header = None;
    let mut at = 2;
    loop {
        let marker = be16(stream, at)?;
        if marker == 0xffff {
            at += 1;
            continue;
        }
        let segment = stream.get(at + 4..at + 2 + be16(stream, at + 2)?)?;
        match marker {
            0xfff7 => {
                header = Some(JpegLsHeader {
                    bits: (*segment.first()?).into(),
                    rows: be16(segment, 1)?,
                    columns: be16(segment, 3)?,
                    components: (*segment.get(5)?).into(),
                    planar: false,
                });
            }
            0xffda => {
                let in_scan = usize::from(*segment.first()?);
                let interleave_mode = *segment.get(1 + 2 * in_scan + 1)?;
                let header = header?;
                let planar = header.components > 1 && interleave_mode == 0;
                return Some(JpegLsHeader { planar, ..header });
            }
            0xff00.. => {}
            _ => return None,
        }
        at += 4 + segment.len();
    }
}

pub(super) fn decode_jpeg_ls(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let header = parse_jpeg_ls(encoded).ok_or_else(|| damaged("a frame is not JPEG-LS"))?;
    if (header.rows, header.columns, header.components)
        != (layout.rows, layout.columns, layout.samples)
    {
        return Err(damaged(
            "a JPEG-LS frame has other dimensions than the image",
        ));
    }
    if !matches!(layout.bits_allocated, 8 | 16) || header.bits > layout.bits_allocated {
        return Err(layout.unsupported(format!(
            "JPEG-LS of {} in {} bits",
            header.bits, layout.bits_allocated
        )));
    }
    // CharLS 2.4 looks for bits in nothing for a long time where a scan ends in the middle, unless
    // a marker stops it.
    let decode = |encoded: &[u8]| decode_with_pixeldata(layout, &[encoded, &END].concat());
    let mut data = match (decode(encoded), without_stray_zero(encoded)) {
        (Err(_), Some(encoded)) => decode(&encoded)?,
        (decoded, _) => decoded?,
    };
    if header.bits <= 8 && layout.bits_allocated == 16 {
        data = widen(&data, 2);
    }
    if header.planar {
        data = interleave(&data, layout.samples, layout.sample_bytes());
    }
    Ok(data)
}

/// The end marker of JPEG and JPEG-LS.
const END: [u8; 2] = [0xff, 0xd9];

/// Some encoders write one zero byte more than the scan has before the end marker. CharLS takes
/// a scan only if it ends exactly there, so that leaving the byte out cannot change a value.
fn without_stray_zero(stream: &[u8]) -> Option<Vec<u8>> {
    let end = stream.windows(2).rposition(|w| w == END)?;
    let scan = stream[..end].strip_suffix(&[0])?;
    Some([scan, &END].concat())
}

/// Hands one frame to the codec as an object of its own.
fn decode_with_pixeldata(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let short =
        |tag: Tag, value: usize| DataElement::new(tag, VR::US, PrimitiveValue::from(value as u16));
    let mut object = InMemDicomObject::from_element_iter([
        short(tags::ROWS, layout.rows),
        short(tags::COLUMNS, layout.columns),
        short(tags::SAMPLES_PER_PIXEL, layout.samples),
        short(tags::PLANAR_CONFIGURATION, 0),
        short(
            tags::BITS_ALLOCATED,
            usize::from(layout.bits_allocated).max(8),
        ),
        short(tags::BITS_STORED, layout.bits_stored.into()),
        short(tags::HIGH_BIT, usize::from(layout.bits_stored) - 1),
        short(tags::PIXEL_REPRESENTATION, layout.signed.into()),
    ]);
    let photometric = if layout.samples == 1 {
        "MONOCHROME2"
    } else {
        "RGB"
    };
    object.put_str(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, photometric);
    object.put_element(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        PixelFragmentSequence::new_fragments(vec![encoded.to_vec()]),
    ));
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(layout.transfer_syntax.as_str())
        .media_storage_sop_class_uid(uids::SECONDARY_CAPTURE_IMAGE_STORAGE)
        .media_storage_sop_instance_uid("2.25.1")
        .build()
        .map_err(|e| DecodeError::Damaged(e.to_string()))?;
    let object = object.with_exact_meta(meta);
    let decoded = object
        .decode_pixel_data_frame(0)
        .map_err(|e| DecodeError::Damaged(innermost(&e)))?;
    Ok(decoded.data().to_vec())
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
