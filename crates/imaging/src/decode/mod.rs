//! From encoded pixel data to stored values, one frame at a time, before any modality, VOI,
//! palette or colour transform.
//!
//! JPEG 2000, HTJ2K and JPEG-LS go through `dicom-pixeldata`, a frame at a time and after a
//! look at the codestream's own header. JPEG and RLE do not: there it converts colours that
//! must stay as they are, stops at 8-bit DCT samples and trusts segment lengths.

mod codestream;
mod deflated;
mod encapsulated;
mod jpeg;
mod native;
mod rle;

use std::io::{Cursor, Read, Seek};

use dicom_dictionary_std::{tags, uids};

use crate::attributes::{integer, unsigned16};
use crate::file::DicomFile;
use crate::pixels::{NativeKind, Pixels};
use crate::refusal::DecodeError;

/// A frame's values as the file stores them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFrame {
    pub rows: u32,
    pub columns: u32,
    pub samples_per_pixel: u16,
    /// 1 (a byte per sample in `data`), 8, 16, 32 or 64.
    pub bits_allocated: u16,
    pub bits_stored: u16,
    pub signed: bool,
    /// IEEE 754 samples of `bits_allocated` bits.
    pub float: bool,
    /// Photometric interpretation (PS3.3 C.7.6.3.1.2) of `data`.
    pub photometric: String,
    /// Frames of the whole instance.
    pub frames: u32,
    pub transfer_syntax: String,
    /// Little-endian, samples of a pixel side by side, row by row from the top left.
    pub data: Vec<u8>,
}

impl StoredFrame {
    /// Bytes of one sample in `data`.
    pub fn sample_bytes(&self) -> usize {
        usize::from(self.bits_allocated).div_ceil(8)
    }

    /// The samples as numbers, in the order of `data`.
    pub fn samples(&self) -> impl Iterator<Item = f64> + '_ {
        self.data
            .chunks_exact(self.sample_bytes())
            .map(|bytes| self.number(bytes))
    }

    fn number(&self, le: &[u8]) -> f64 {
        let mut wide = [0; 8];
        wide[..le.len()].copy_from_slice(le);
        let raw = u64::from_le_bytes(wide);
        match (self.float, self.signed, le.len()) {
            (true, _, 4) => f64::from(f32::from_bits(raw as u32)),
            (true, _, _) => f64::from_bits(raw),
            (false, true, 1) => f64::from(raw as u8 as i8),
            (false, true, 2) => f64::from(raw as u16 as i16),
            (false, true, 4) => f64::from(raw as u32 as i32),
            (false, true, _) => raw as i64 as f64,
            (false, false, _) => raw as f64,
        }
    }
}

/// What decoding needs to know of the image.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) samples: usize,
    pub(crate) bits_allocated: u16,
    pub(crate) bits_stored: u16,
    pub(crate) signed: bool,
    pub(crate) planar: bool,
    pub(crate) photometric: String,
    pub(crate) transfer_syntax: String,
}

/// No display and no detector comes near; a frame that claims more is refused before anything
/// is allocated.
const LARGEST_FRAME: usize = 1 << 30;

impl Layout {
    pub(crate) fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    pub(crate) fn sample_bytes(&self) -> usize {
        usize::from(self.bits_allocated).div_ceil(8)
    }

    /// Bytes of a decoded frame.
    pub(crate) fn frame_bytes(&self) -> usize {
        self.pixels() * self.samples * self.sample_bytes()
    }

    pub(crate) fn unsupported(&self, what: impl Into<String>) -> DecodeError {
        DecodeError::Unsupported {
            transfer_syntax: self.transfer_syntax.clone(),
            what: what.into(),
        }
    }
}

/// Decodes one frame of a file held in memory. Frames count from 0.
pub fn decode_frame(bytes: &[u8], frame: u32) -> Result<StoredFrame, DecodeError> {
    DicomFile::open(Cursor::new(bytes))?.stored_frame(frame)
}

impl<R: Read + Seek> DicomFile<R> {
    /// Decodes one frame, reading only its bytes. Frames count from 0.
    pub fn stored_frame(&mut self, frame: u32) -> Result<StoredFrame, DecodeError> {
        let frames = self.frame_info(frame)?.frames;
        let mut layout = self.layout(frame)?;
        let float = matches!(
            self.pixels,
            Pixels::Native {
                kind: NativeKind::Float | NativeKind::Double,
                ..
            }
        );
        let mut data = match self.pixels.clone() {
            Pixels::None => return Err(DecodeError::NotAnImage),
            Pixels::Native {
                offset,
                length,
                words,
                ..
            } => self.native_frame(&mut layout, frame, offset, length, words)?,
            Pixels::Encapsulated {
                offset_table,
                fragments,
            } => {
                let encoded = self.encoded_frame(frame, frames, &offset_table, &fragments)?;
                decompress(&layout, &encoded)?
            }
        };
        if !float {
            extend_to_allocated(&layout, &mut data);
        }
        Ok(StoredFrame {
            rows: layout.rows as u32,
            columns: layout.columns as u32,
            samples_per_pixel: layout.samples as u16,
            bits_allocated: layout.bits_allocated,
            bits_stored: layout.bits_stored,
            signed: layout.signed,
            float,
            photometric: layout.photometric,
            frames,
            transfer_syntax: layout.transfer_syntax,
            data,
        })
    }

    fn layout(&self, frame: u32) -> Result<Layout, DecodeError> {
        let image = self.frame_info(frame)?;
        let data = &self.attributes;
        let bits_allocated = match self.pixels {
            Pixels::Native {
                kind: NativeKind::Float,
                ..
            } => 32,
            Pixels::Native {
                kind: NativeKind::Double,
                ..
            } => 64,
            _ => image.bits_allocated,
        };
        let layout = Layout {
            rows: image.rows.into(),
            columns: image.columns.into(),
            samples: image.samples_per_pixel.into(),
            bits_allocated,
            bits_stored: unsigned16(data, tags::BITS_STORED)
                .filter(|b| (1..=bits_allocated).contains(b))
                .unwrap_or(bits_allocated),
            signed: integer(data, tags::PIXEL_REPRESENTATION) == Some(1),
            planar: image.samples_per_pixel > 1
                && integer(data, tags::PLANAR_CONFIGURATION) == Some(1),
            photometric: image.photometric.clone(),
            transfer_syntax: self.meta.transfer_syntax.clone(),
        };
        if !matches!(layout.samples, 1 | 3 | 4) {
            return Err(DecodeError::Damaged(format!(
                "{} samples per pixel are none that DICOM has",
                layout.samples
            )));
        }
        if !matches!(bits_allocated, 1 | 8 | 16 | 32 | 64) {
            return Err(layout.unsupported(format!("{bits_allocated} bits allocated")));
        }
        if layout.frame_bytes() > LARGEST_FRAME {
            return Err(DecodeError::Damaged("its frames are too large".into()));
        }
        Ok(layout)
    }
}

fn decompress(layout: &Layout, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let data = match layout.transfer_syntax.as_str() {
        uids::JPEG_BASELINE8_BIT
        | uids::JPEG_EXTENDED12_BIT
        | uids::JPEG_LOSSLESS
        | uids::JPEG_LOSSLESS_SV1 => jpeg::decode(layout, encoded)?,
        uids::DEFLATED_IMAGE_FRAME_COMPRESSION => deflated::decode(layout, encoded)?,
        uids::RLE_LOSSLESS => rle::decode(layout, encoded)?,
        uids::JPEGLS_LOSSLESS | uids::JPEGLS_NEAR_LOSSLESS => {
            codestream::decode_jpeg_ls(layout, encoded)?
        }
        uids::JPEG2000_LOSSLESS
        | uids::JPEG2000
        | uids::JPEG2000MC_LOSSLESS
        | uids::JPEG2000MC
        | uids::HTJ2K_LOSSLESS
        | uids::HTJ2K_LOSSLESS_RPCL
        | uids::HTJ2K => codestream::decode_jpeg_2000(layout, encoded)?,
        _ => return Err(layout.unsupported("this compression")),
    };
    if data.len() != layout.frame_bytes() {
        return Err(DecodeError::Damaged(format!(
            "a frame decodes to {} bytes, not {}",
            data.len(),
            layout.frame_bytes()
        )));
    }
    Ok(data)
}

/// Makes the bits above Bits Stored repeat the sign, or zero: codecs leave them as they like, and
/// old files keep overlays there.
fn extend_to_allocated(layout: &Layout, data: &mut [u8]) {
    let unused = u32::from(layout.bits_allocated - layout.bits_stored);
    if unused == 0 || !matches!(layout.bits_allocated, 8 | 16) {
        return;
    }
    match (layout.bits_allocated, layout.signed) {
        (8, true) => data
            .iter_mut()
            .for_each(|b| *b = (((*b << unused) as i8) >> unused) as u8),
        (8, false) => data.iter_mut().for_each(|b| *b = (*b << unused) >> unused),
        (_, signed) => {
            for pair in data.as_chunks_mut::<2>().0 {
                let shifted = u16::from_le_bytes(*pair) << unused;
                let value = if signed {
                    ((shifted as i16) >> unused) as u16
                } else {
                    shifted >> unused
                };
                *pair = value.to_le_bytes();
            }
        }
    }
}

/// Planes of samples one after another into samples side by side.
fn interleave(planes: &[u8], samples: usize, sample_bytes: usize) -> Vec<u8> {
    let plane = planes.len() / samples;
    let mut out = vec![0; planes.len()];
    for (i, pixel) in out.chunks_exact_mut(samples * sample_bytes).enumerate() {
        for (s, sample) in pixel.chunks_exact_mut(sample_bytes).enumerate() {
            let at = s * plane + i * sample_bytes;
            sample.copy_from_slice(&planes[at..at + sample_bytes]);
        }
    }
    out
}

/// `samples` bits from the bit `first` on, least significant first, a byte each.
fn unpack_bits(packed: &[u8], first: usize, samples: usize) -> Vec<u8> {
    (first..first + samples)
        .map(|i| packed[i / 8] >> (i % 8) & 1)
        .collect()
}

/// Samples of one byte into a container of `bits_allocated`.
fn widen(data: &[u8], sample_bytes: usize) -> Vec<u8> {
    let mut out = vec![0; data.len() * sample_bytes];
    for (wide, narrow) in out.chunks_exact_mut(sample_bytes).zip(data) {
        wide[0] = *narrow;
    }
    out
}
