//! Which fragments make a frame (PS3.5, A.4 and annex A; PS3.3 C.7.6.3.1.8 for the extended
//! offset table).

use std::io::{Read, Seek};

use dicom_dictionary_std::{tags, uids};

use crate::file::DicomFile;
use crate::pixels::Fragment;
use crate::refusal::DecodeError;

const ITEM_HEADER: u64 = 8;

impl<R: Read + Seek> DicomFile<R> {
    /// The encoded bytes of one frame.
    pub(super) fn encoded_frame(
        &mut self,
        frame: u32,
        frames: u32,
        offset_table: &[u32],
        fragments: &[Fragment],
    ) -> Result<Vec<u8>, DecodeError> {
        let chosen = self.fragments_of(frame as usize, frames as usize, offset_table, fragments)?;
        let mut encoded = Vec::new();
        for fragment in chosen {
            encoded.extend(self.read_at(fragment.offset, fragment.length as usize)?);
        }
        if encoded.is_empty() {
            return Err(DecodeError::Damaged(format!("frame {frame} is empty")));
        }
        Ok(encoded)
    }

    fn fragments_of<'a>(
        &mut self,
        frame: usize,
        frames: usize,
        offset_table: &[u32],
        fragments: &'a [Fragment],
    ) -> Result<&'a [Fragment], DecodeError> {
        let missing = || DecodeError::Damaged(format!("frame {frame} is missing"));
        if frames == 1 {
            return Ok(fragments);
        }
        if fragments.len() == frames || self.meta.transfer_syntax == uids::RLE_LOSSLESS {
            return fragments.get(frame..=frame).ok_or_else(missing);
        }
        let mut starts = self.extended_offsets();
        if starts.len() != frames {
            starts = offset_table.iter().map(|o| u64::from(*o)).collect();
        }
        if starts.len() == frames {
            let base = fragments.first().ok_or_else(missing)?.offset;
            // Offsets count from the first fragment's item header.
            let index = |start: u64| {
                fragments
                    .iter()
                    .position(|f| f.length > 0 && f.offset.checked_sub(base) == Some(start))
            };
            let first = index(starts[frame]).ok_or_else(missing)?;
            let end = match starts.get(frame + 1) {
                Some(start) => index(*start).ok_or_else(missing)?,
                None => fragments.len(),
            };
            return fragments.get(first..end).ok_or_else(missing);
        }
        let first_of_frames = self.codestream_starts(fragments)?;
        if first_of_frames.len() != frames {
            return Err(missing());
        }
        let end = first_of_frames
            .get(frame + 1)
            .copied()
            .unwrap_or(fragments.len());
        fragments
            .get(first_of_frames[frame]..end)
            .ok_or_else(missing)
    }

    fn extended_offsets(&self) -> Vec<u64> {
        let Some(element) = self.attributes.get(tags::EXTENDED_OFFSET_TABLE) else {
            return Vec::new();
        };
        let bytes = element.to_bytes().unwrap_or_default();
        bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|b| u64::from_le_bytes(*b))
            .collect()
    }

    /// Without an offset table, a frame begins where a fragment begins with a codestream's
    /// start marker.
    fn codestream_starts(&mut self, fragments: &[Fragment]) -> Result<Vec<usize>, DecodeError> {
        let mut starts = Vec::new();
        for (i, fragment) in fragments.iter().enumerate() {
            if u64::from(fragment.length) < ITEM_HEADER {
                continue;
            }
            let head = self.read_at(fragment.offset, 4)?;
            if head.starts_with(&[0xff, 0xd8, 0xff]) || head == [0xff, 0x4f, 0xff, 0x51] {
                starts.push(i);
            }
        }
        Ok(starts)
    }
}
