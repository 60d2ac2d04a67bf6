//! Colour images to RGB of 8 bits (PS3.3 C.7.6.3.1.2).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::decode::StoredFrame;
use crate::lut::Lut;
use crate::refusal::DecodeError;

/// Whether a photometric interpretation is a single grey channel.
pub(crate) fn is_grey(photometric: &str) -> bool {
    matches!(photometric, "MONOCHROME1" | "MONOCHROME2")
}

/// Interleaved RGB of a frame that is not grey.
pub(crate) fn to_rgb(frame: &StoredFrame, data: &InMemDicomObject) -> Result<Vec<u8>, DecodeError> {
    let unsupported = || DecodeError::Unsupported {
        transfer_syntax: frame.transfer_syntax.clone(),
        what: format!(
            "showing {} of {} samples",
            frame.photometric, frame.samples_per_pixel
        ),
    };
    match (frame.photometric.as_str(), frame.samples_per_pixel) {
        ("PALETTE COLOR", 1) => palette(frame, data),
        // The codec of JPEG 2000 has undone its component transform already.
        ("RGB" | "YBR_ICT" | "YBR_RCT", 3) => Ok(eight_bit(frame)),
        ("YBR_FULL" | "YBR_FULL_422", 3) => Ok(from_ybr(&eight_bit(frame), ybr_full)),
        ("YBR_PARTIAL_420" | "YBR_PARTIAL_422", 3) => Ok(from_ybr(&eight_bit(frame), ybr_partial)),
        _ => Err(unsupported()),
    }
}

fn eight_bit(frame: &StoredFrame) -> Vec<u8> {
    if frame.bits_allocated == 8 && frame.bits_stored == 8 {
        return frame.data.clone();
    }
    let white = ((1u64 << frame.bits_stored.min(32)) - 1) as f64;
    frame
        .samples()
        .map(|s| (s / white * 255.0).round().clamp(0.0, 255.0) as u8)
        .collect()
}

/// Descriptor, table and segments of each colour.
const RED: [Tag; 3] = [
    tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
];
const GREEN: [Tag; 3] = [
    tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
];
const BLUE: [Tag; 3] = [
    tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
];

fn palette(frame: &StoredFrame, data: &InMemDicomObject) -> Result<Vec<u8>, DecodeError> {
    let table = |[descriptor, values, segments]: [Tag; 3]| {
        Lut::read(data, descriptor, values)
            .or_else(|| Lut::read_segmented(data, descriptor, segments))
            .ok_or_else(|| DecodeError::Damaged("its palette is missing".into()))
    };
    let tables = [table(RED)?, table(GREEN)?, table(BLUE)?];
    Ok(frame
        .samples()
        .flat_map(|index| tables.each_ref().map(|t| t.colour(index)))
        .collect())
}

fn from_ybr(data: &[u8], convert: fn(f64, f64, f64) -> [f64; 3]) -> Vec<u8> {
    let byte = |v: f64| v.round().clamp(0.0, 255.0) as u8;
    data.as_chunks::<3>()
        .0
        .iter()
        .flat_map(|[y, cb, cr]| {
            convert(
                f64::from(*y),
                f64::from(*cb) - 128.0,
                f64::from(*cr) - 128.0,
            )
            .map(byte)
        })
        .collect()
}

/// ITU-R BT.601, full range.
fn ybr_full(y: f64, cb: f64, cr: f64) -> [f64; 3] {
    [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
}

/// ITU-R BT.601, luma 16 to 235, chroma 16 to 240.
fn ybr_partial(y: f64, cb: f64, cr: f64) -> [f64; 3] {
    ybr_full(
        (y - 16.0) * 255.0 / 219.0,
        cb * 255.0 / 224.0,
        cr * 255.0 / 224.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primaries_come_out_of_their_ybr() {
        // PS3.3 C.7.6.3.1.2: Y = 0.299 R + 0.587 G + 0.114 B and so on.
        let full = [
            [76, 85, 255],
            [150, 44, 21],
            [29, 255, 107],
            [255, 128, 128],
            [0, 128, 128],
        ];
        let rgb = from_ybr(full.as_flattened(), ybr_full);
        let expected = [
            [254, 0, 0],
            [0, 255, 1],
            [0, 0, 254],
            [255, 255, 255],
            [0, 0, 0],
        ]
        .concat();
        for (have, want) in rgb.iter().zip(expected) {
            assert!(have.abs_diff(want) <= 1, "{rgb:?}");
        }
        assert_eq!(from_ybr(&[235, 128, 128], ybr_partial), [255, 255, 255]);
        assert_eq!(from_ybr(&[16, 128, 128], ybr_partial), [0, 0, 0]);
    }
}
