//! One pass over a data set: every element is read to its end, only what describes the image
//! and the study is kept, pixel data is located but not held. Memory does not grow with the file.

use std::io::Read;

use dicom_core::header::SequenceItemHeader;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, DataElementHeader, Length, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_parser::{DynStatefulDecoder, StatefulDecode};
use dicom_transfer_syntax_registry::{TransferSyntax, entries};

use crate::pixels::{Fragment, NativeKind, Pixels};
use crate::refusal::OpenError;
use crate::tape::{SharedTape, Tape};

/// How far to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// To the end of the input; anything missing or misplaced is damage.
    Whole,
    /// Until the pixel data is located; what follows it does not matter.
    UntilPixels,
}

pub(crate) struct Contents {
    pub(crate) attributes: InMemDicomObject,
    pub(crate) pixels: Pixels,
}

const LONGEST_KEPT_VALUE: u32 = 1 << 20;
const DEEPEST_NESTING: usize = 64;
const MOST_KEPT_ELEMENTS: usize = 1_000_000;
const MOST_FRAGMENTS: usize = 4_000_000;

const ITEM_DELIMITER: Tag = Tag(0xfffe, 0xe00d);

/// Reads a data set that starts at `tape`'s current position.
pub(crate) fn read_dataset<R: Read>(
    tape: Tape<R>,
    ts: &TransferSyntax,
    extent: Extent,
) -> Result<Contents, OpenError> {
    let tape = SharedTape::new(tape);
    let decoder = |ts: &TransferSyntax| {
        DynStatefulDecoder::new_with_ts(tape.clone(), ts, 0)
            .map_err(|e| OpenError::Damaged(e.to_string()))
    };
    let mut walk = Walk {
        declared: decoder(ts)?,
        implicit: decoder(&entries::IMPLICIT_VR_LITTLE_ENDIAN.erased())?,
        tape: tape.clone(),
        extent,
        pixels: Pixels::None,
        pixels_located: false,
        kept_elements: 0,
    };
    let mut attributes = InMemDicomObject::new_empty();
    walk.elements(Encoding::Declared, Bound::Input, Some(&mut attributes), 0)?;
    Ok(Contents {
        attributes,
        pixels: walk.pixels,
    })
}

/// How elements are encoded. A sequence of unknown representation and undefined length is in
/// implicit VR, whatever is around it (PS3.5, 6.2.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Declared,
    Implicit,
}

/// Where a run of elements or items ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Input,
    Delimiter,
    At(u64),
}

struct Walk<R: Read> {
    declared: DynStatefulDecoder<SharedTape<R>>,
    implicit: DynStatefulDecoder<SharedTape<R>>,
    tape: SharedTape<R>,
    extent: Extent,
    pixels: Pixels,
    pixels_located: bool,
    kept_elements: usize,
}

impl<R: Read> Walk<R> {
    fn decoder(&mut self, encoding: Encoding) -> &mut DynStatefulDecoder<SharedTape<R>> {
        match encoding {
            Encoding::Declared => &mut self.declared,
            Encoding::Implicit => &mut self.implicit,
        }
    }

    /// What the decoder met, told from a failure of the storage.
    fn fault(&self, error: &(dyn std::error::Error + 'static)) -> OpenError {
        match self.tape.storage_failure() {
            Some(io) => OpenError::Io(io),
            None => OpenError::Damaged(sentence(error)),
        }
    }

    fn bound(&self, length: Length) -> Bound {
        match length.get() {
            Some(n) => Bound::At(self.tape.position() + u64::from(n)),
            None => Bound::Delimiter,
        }
    }

    /// Whether a run has come to its bound; to have gone beyond is damage.
    fn reached(&self, bound: Bound) -> Result<bool, OpenError> {
        match bound {
            Bound::Input => self.tape.is_at_end().map_err(OpenError::Io),
            Bound::Delimiter => Ok(false),
            Bound::At(end) if self.tape.position() > end => Err(OpenError::Damaged(
                "a value is longer than the sequence around it".into(),
            )),
            Bound::At(end) => Ok(self.tape.position() == end),
        }
    }

    /// Reads elements, keeping those that matter in `kept`.
    fn elements(
        &mut self,
        encoding: Encoding,
        bound: Bound,
        mut kept: Option<&mut InMemDicomObject>,
        depth: usize,
    ) -> Result<(), OpenError> {
        while !self.reached(bound)? {
            let header = match self.decoder(encoding).decode_header() {
                Ok(header) => header,
                // Bytes behind the pixel data that make no element are padding; anywhere else
                // they are a cut header.
                Err(_) if depth == 0 && self.pixels_located && self.tape.ended() => return Ok(()),
                Err(e) => return Err(self.fault(&e)),
            };
            if header.tag == ITEM_DELIMITER {
                return match bound {
                    Bound::Delimiter => Ok(()),
                    _ => Err(OpenError::Damaged("a delimiter stands alone".into())),
                };
            }
            self.element(encoding, header, kept.as_deref_mut(), depth)?;
            if self.extent == Extent::UntilPixels && self.pixels_located {
                return Ok(());
            }
        }
        Ok(())
    }

    fn element(
        &mut self,
        encoding: Encoding,
        header: DataElementHeader,
        kept: Option<&mut InMemDicomObject>,
        depth: usize,
    ) -> Result<(), OpenError> {
        let DataElementHeader { tag, vr, len } = header;
        if tag == tags::PIXEL_DATA && len.is_undefined() {
            return self.fragments(depth == 0);
        }
        if vr == VR::SQ || len.is_undefined() {
            let inner = match (vr, len.is_undefined()) {
                (VR::UN, true) => Encoding::Implicit,
                _ => encoding,
            };
            let kept = kept.filter(|_| keeps_sequence(tag, depth));
            let items = self.sequence(inner, len, kept.is_some(), depth + 1)?;
            return match kept {
                Some(kept) => {
                    let items = DataSetSequence::new(items, Length::UNDEFINED);
                    self.keep(kept, DataElement::new(tag, VR::SQ, items))
                }
                None => Ok(()),
            };
        }
        if depth == 0
            && let Some(kind) = native_kind(tag)
        {
            self.pixels = Pixels::Native {
                kind,
                offset: self.tape.position(),
                length: u64::from(len.0),
                words: vr != VR::OB,
            };
            self.pixels_located = true;
            return match self.extent {
                Extent::Whole => self.skip(len.0),
                Extent::UntilPixels => Ok(()),
            };
        }
        match kept.filter(|_| keeps_value(tag, depth) && len.0 <= LONGEST_KEPT_VALUE) {
            Some(kept) => {
                let value = self
                    .decoder(encoding)
                    .read_value_preserved(&header)
                    .map_err(|e| self.fault(&e))?;
                self.keep(kept, DataElement::new(tag, vr, value))
            }
            None => self.skip(len.0),
        }
    }

    /// Reads a sequence's items; empty where they are not kept.
    fn sequence(
        &mut self,
        encoding: Encoding,
        length: Length,
        keep: bool,
        depth: usize,
    ) -> Result<Vec<InMemDicomObject>, OpenError> {
        if depth > DEEPEST_NESTING {
            return Err(OpenError::Damaged(
                "its sequences are nested too deeply".into(),
            ));
        }
        let bound = self.bound(length);
        let mut items = Vec::new();
        while !self.reached(bound)? {
            let header = self.decoder(encoding).decode_item_header();
            match header.map_err(|e| self.fault(&e))? {
                SequenceItemHeader::Item { len } => {
                    let bound = self.bound(len);
                    let mut item = keep.then(InMemDicomObject::new_empty);
                    self.elements(encoding, bound, item.as_mut(), depth)?;
                    items.extend(item);
                }
                // After a defined length too: some writers end every sequence twice.
                SequenceItemHeader::SequenceDelimiter => break,
                SequenceItemHeader::ItemDelimiter => {
                    return Err(OpenError::Damaged("a delimiter stands alone".into()));
                }
            }
        }
        Ok(items)
    }

    /// Reads the items of encapsulated pixel data, noting where they are if it is the
    /// instance's own and not an icon's.
    fn fragments(&mut self, own: bool) -> Result<(), OpenError> {
        let mut offset_table = None;
        let mut fragments = Vec::new();
        // To look at an image, the frames before a cut are better than none.
        let cut_is_fine = own && self.extent == Extent::UntilPixels;
        loop {
            let header = match self.declared.decode_item_header() {
                Err(_) if cut_is_fine && offset_table.is_some() && self.tape.ended() => break,
                header => header.map_err(|e| self.fault(&e))?,
            };
            let length = match header {
                SequenceItemHeader::SequenceDelimiter => break,
                SequenceItemHeader::Item { len } => len.get(),
                SequenceItemHeader::ItemDelimiter => None,
            };
            let length = length.ok_or_else(|| {
                OpenError::Damaged("a fragment of its pixel data has no length".into())
            })?;
            if offset_table.is_none() {
                offset_table = Some(self.offset_table(length)?);
                continue;
            }
            if fragments.len() >= MOST_FRAGMENTS {
                return Err(OpenError::Damaged("it has too many fragments".into()));
            }
            fragments.push(Fragment {
                offset: self.tape.position(),
                length,
            });
            match self.skip(length) {
                Err(OpenError::Damaged(_)) if cut_is_fine => break,
                skipped => skipped?,
            }
        }
        if own {
            self.pixels = Pixels::Encapsulated {
                offset_table: offset_table.unwrap_or_default(),
                fragments,
            };
            self.pixels_located = true;
        }
        Ok(())
    }

    fn offset_table(&mut self, length: u32) -> Result<Vec<u32>, OpenError> {
        if !length.is_multiple_of(4) || length as usize / 4 > MOST_FRAGMENTS {
            self.skip(length)?;
            return Ok(Vec::new());
        }
        let mut bytes = Vec::new();
        let read = self
            .tape
            .clone()
            .take(u64::from(length))
            .read_to_end(&mut bytes);
        read.map_err(|e| self.fault(&e))?;
        missing(u64::from(length), bytes.len() as u64)?;
        let words = bytes.as_chunks::<4>().0;
        Ok(words.iter().map(|w| u32::from_le_bytes(*w)).collect())
    }

    fn skip(&mut self, length: u32) -> Result<(), OpenError> {
        let mut value = self.tape.clone().take(u64::from(length));
        let skipped = std::io::copy(&mut value, &mut std::io::sink());
        missing(u64::from(length), skipped.map_err(|e| self.fault(&e))?)
    }

    fn keep(
        &mut self,
        kept: &mut InMemDicomObject,
        element: dicom_object::mem::InMemElement,
    ) -> Result<(), OpenError> {
        self.kept_elements += 1;
        if self.kept_elements > MOST_KEPT_ELEMENTS {
            return Err(OpenError::Damaged("its header is too large".into()));
        }
        kept.put_element(element);
        Ok(())
    }
}

/// Functional groups, look-up tables: the sequences that say how to show the image. And a
/// DICOMDIR's records.
fn keeps_sequence(tag: Tag, depth: usize) -> bool {
    match depth {
        0 => matches!(tag.group(), 0x0028 | 0x5200) || tag == tags::DIRECTORY_RECORD_SEQUENCE,
        _ => tag.group().is_multiple_of(2),
    }
}

fn keeps_value(tag: Tag, depth: usize) -> bool {
    match depth {
        0 => {
            matches!(tag.group(), 0x0008 | 0x0010 | 0x0018 | 0x0020 | 0x0028)
                || matches!(
                    tag,
                    tags::PRESENTATION_LUT_SHAPE | tags::EXTENDED_OFFSET_TABLE
                )
        }
        _ => tag.group().is_multiple_of(2),
    }
}

fn native_kind(tag: Tag) -> Option<NativeKind> {
    match tag {
        tags::PIXEL_DATA => Some(NativeKind::Integer),
        tags::FLOAT_PIXEL_DATA => Some(NativeKind::Float),
        tags::DOUBLE_FLOAT_PIXEL_DATA => Some(NativeKind::Double),
        _ => None,
    }
}

fn missing(promised: u64, there: u64) -> Result<(), OpenError> {
    match promised - there {
        0 => Ok(()),
        n => Err(OpenError::Damaged(format!(
            "it ends early, {n} bytes of a value are missing"
        ))),
    }
}

/// The innermost cause: what the reader met, without the layers around it.
fn sentence(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match cause.downcast_ref::<std::io::Error>() {
        Some(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => "it ends early".into(),
        _ => cause.to_string(),
    }
}
