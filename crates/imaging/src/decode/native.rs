//! Uncompressed pixel data (PS3.5, 8.1 and 8.2).

use std::io::{Read, Seek};

use super::{Layout, interleave, unpack_bits};
use crate::file::DicomFile;
use crate::refusal::DecodeError;

const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

impl<R: Read + Seek> DicomFile<R> {
    pub(super) fn native_frame(
        &mut self,
        layout: &mut Layout,
        frame: u32,
        offset: u64,
        length: u64,
        words: bool,
    ) -> Result<Vec<u8>, DecodeError> {
        if self.meta.encoding().is_encapsulated_pixel_data() {
            return Err(DecodeError::Damaged(
                "its compressed pixel data is not in items".into(),
            ));
        }
        if layout.bits_allocated == 1 {
            return self.bit_frame(layout, frame, offset, length);
        }
        let subsampled = layout.photometric == "YBR_FULL_422" && layout.samples == 3;
        let bytes = match subsampled {
            // Two lumas and one pair of chromas for two pixels.
            true => layout.pixels() * 2 * layout.sample_bytes(),
            false => layout.frame_bytes(),
        };
        let start = u64::from(frame) * bytes as u64;
        if start + bytes as u64 > length {
            return Err(DecodeError::Damaged(format!(
                "its pixel data ends before frame {frame}"
            )));
        }
        let unit = if words {
            layout.sample_bytes().max(2)
        } else {
            layout.sample_bytes()
        };
        let mut data = if layout.transfer_syntax == BIG_ENDIAN {
            self.read_swapped(offset, start, bytes, unit)?
        } else {
            self.read_at(offset + start, bytes)?
        };
        if subsampled {
            if layout.columns % 2 == 1 || layout.sample_bytes() != 1 {
                return Err(layout.unsupported("YBR_FULL_422 of odd width or more than 8 bits"));
            }
            layout.photometric = "YBR_FULL".into();
            return Ok(expand_422(&data));
        }
        if layout.planar {
            data = interleave(&data, layout.samples, layout.sample_bytes());
        }
        Ok(data)
    }

    /// Reads `length` bytes from `start` of a value in big endian, whose units of `unit` bytes
    /// may reach over both ends.
    fn read_swapped(
        &mut self,
        offset: u64,
        start: u64,
        length: usize,
        unit: usize,
    ) -> Result<Vec<u8>, DecodeError> {
        let before = (start % unit as u64) as usize;
        let whole = (before + length).next_multiple_of(unit);
        let mut data = self.read_at(offset + start - before as u64, whole)?;
        data.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        data.drain(..before);
        data.truncate(length);
        Ok(data)
    }

    /// Frames of 1-bit samples follow each other without alignment, least significant bit first.
    fn bit_frame(
        &mut self,
        layout: &Layout,
        frame: u32,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, DecodeError> {
        let samples = layout.pixels() * layout.samples;
        let first = u64::from(frame) * samples as u64;
        let (start, end) = (first / 8, (first + samples as u64).div_ceil(8));
        if end > length {
            return Err(DecodeError::Damaged(format!(
                "its pixel data ends before frame {frame}"
            )));
        }
        let packed = self.read_at(offset + start, (end - start) as usize)?;
        Ok(unpack_bits(&packed, (first % 8) as usize, samples))
    }
}

/// `Y1 Y2 Cb Cr` for each two pixels into `Y1 Cb Cr Y2 Cb Cr`.
fn expand_422(data: &[u8]) -> Vec<u8> {
    data.as_chunks::<4>()
        .0
        .iter()
        .flat_map(|[y1, y2, cb, cr]| [*y1, *cb, *cr, *y2, *cb, *cr])
        .collect()
}
