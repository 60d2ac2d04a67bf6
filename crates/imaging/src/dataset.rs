//! One pass over a data set: every element is read to its end, only what describes the image
//! and the study is kept, pixel data is located but not held. Memory does not grow with the file.

use std::io::Read;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, Length, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_parser::dataset::LazyDataToken;
use dicom_parser::dataset::lazy_read::LazyDataSetReader;
use dicom_parser::{DynStatefulDecoder, StatefulDecode};
use dicom_transfer_syntax_registry::TransferSyntax;

use crate::refusal::OpenError;
use crate::tape::Tape;

/// Where an instance's pixel data lies, in bytes from the start of the (inflated) input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Pixels {
    #[default]
    None,
    Native {
        kind: NativeKind,
        offset: u64,
        length: u64,
        /// The value was encoded as 16-bit words: in big endian, 8-bit samples are swapped.
        words: bool,
    },
    Encapsulated {
        /// Basic offset table (PS3.5, A.4), as written.
        offset_table: Vec<u32>,
        fragments: Vec<Fragment>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NativeKind {
    Integer,
    Float,
    Double,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

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

struct OpenSequence {
    tag: Tag,
    kept: bool,
    pixel_data: bool,
    items: Vec<InMemDicomObject>,
    item: Option<InMemDicomObject>,
}

/// Reads a data set that starts at `tape`'s current position.
pub(crate) fn read_dataset<R: Read>(
    tape: Tape<R>,
    ts: &TransferSyntax,
    extent: Extent,
) -> Result<Contents, OpenError> {
    let meter = tape.meter();
    let decoder = DynStatefulDecoder::new_with_ts(tape, ts, meter.bytes_read())
        .map_err(|e| OpenError::Damaged(e.to_string()))?;
    let mut reader = LazyDataSetReader::new(decoder);
    let mut walk = Walk::default();

    let outcome = loop {
        if extent == Extent::UntilPixels && walk.pixels_located {
            return Ok(walk.finish());
        }
        match reader.advance() {
            None => break Ok(()),
            Some(Err(e)) => break Err(sentence(&e)),
            Some(Ok(token)) => walk.take(token)?,
        }
    };
    if let Some(io) = meter.storage_failure() {
        return Err(OpenError::Io(io));
    }
    let promised = reader.into_decoder().position();
    let there = meter.bytes_read();
    if promised > there {
        return Err(truncated(promised - there));
    }
    match outcome {
        Err(what) => return Err(OpenError::Damaged(what)),
        Ok(()) if !walk.open.is_empty() => {
            return Err(OpenError::Damaged("it ends inside a sequence".into()));
        }
        // Bytes after the pixel data that make no element are padding; before it, a cut header.
        Ok(()) if there > promised && !walk.pixels_located => {
            return Err(OpenError::Damaged(
                "it ends inside an element's header".into(),
            ));
        }
        Ok(()) => {}
    }
    Ok(walk.finish())
}

fn truncated(missing: u64) -> OpenError {
    OpenError::Damaged(format!(
        "it ends early, {missing} bytes of a value are missing"
    ))
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

#[derive(Default)]
struct Walk {
    root: Option<InMemDicomObject>,
    pixels: Pixels,
    pixels_located: bool,
    offset_table_read: bool,
    open: Vec<OpenSequence>,
    kept_elements: usize,
}

impl Walk {
    fn finish(self) -> Contents {
        Contents {
            attributes: self.root.unwrap_or_else(InMemDicomObject::new_empty),
            pixels: self.pixels,
        }
    }

    fn take<D: StatefulDecode>(&mut self, token: LazyDataToken<D>) -> Result<(), OpenError> {
        match token {
            LazyDataToken::SequenceStart { tag, .. } => {
                if self.open.len() >= DEEPEST_NESTING {
                    return Err(OpenError::Damaged(
                        "its sequences are nested too deeply".into(),
                    ));
                }
                let kept = match self.open.last() {
                    Some(parent) => parent.kept && tag.group().is_multiple_of(2),
                    None => matches!(tag.group(), 0x0028 | 0x5200),
                };
                self.open.push(OpenSequence {
                    tag,
                    kept,
                    pixel_data: false,
                    items: Vec::new(),
                    item: None,
                });
            }
            LazyDataToken::PixelSequenceStart => {
                if self.open.is_empty() {
                    self.pixels = Pixels::Encapsulated {
                        offset_table: Vec::new(),
                        fragments: Vec::new(),
                    };
                }
                self.open.push(OpenSequence {
                    tag: tags::PIXEL_DATA,
                    kept: false,
                    pixel_data: true,
                    items: Vec::new(),
                    item: None,
                });
            }
            LazyDataToken::ItemStart { len } => self.start_item(len)?,
            LazyDataToken::ItemEnd => {
                if let Some(sequence) = self.open.last_mut() {
                    sequence.items.extend(sequence.item.take());
                }
            }
            LazyDataToken::SequenceEnd => self.end_sequence(),
            LazyDataToken::LazyItemValue { len, decoder } => self.take_fragment(len, decoder)?,
            LazyDataToken::LazyValue {
                header,
                mut decoder,
            } => {
                if self.open.is_empty() && self.locate_native(&header, decoder.position()) {
                    return skip(&mut decoder, header.len);
                }
                if !self.keeps(header.tag) || header.len.0 > LONGEST_KEPT_VALUE {
                    return skip(&mut decoder, header.len);
                }
                let value = decoder
                    .read_value_preserved(&header)
                    .map_err(|e| OpenError::Damaged(sentence(&e)))?;
                self.put(DataElement::new(header.tag, header.vr, value))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn start_item(&mut self, len: Length) -> Result<(), OpenError> {
        let top_level = self.open.len() == 1;
        let Some(sequence) = self.open.last_mut() else {
            return Ok(());
        };
        if !sequence.pixel_data {
            sequence.item = sequence.kept.then(InMemDicomObject::new_empty);
            return Ok(());
        }
        // An empty item gives no value token: an absent offset table, or an empty fragment.
        if top_level && len == Length(0) {
            let offset_table = !std::mem::replace(&mut self.offset_table_read, true);
            if let (false, Pixels::Encapsulated { fragments, .. }) =
                (offset_table, &mut self.pixels)
            {
                fragments.push(Fragment {
                    offset: 0,
                    length: 0,
                });
            }
        }
        Ok(())
    }

    fn take_fragment<D: StatefulDecode>(
        &mut self,
        length: u32,
        mut decoder: D,
    ) -> Result<(), OpenError> {
        let Pixels::Encapsulated {
            offset_table,
            fragments,
        } = &mut self.pixels
        else {
            return skip(&mut decoder, Length(length));
        };
        if self.open.len() != 1 {
            return skip(&mut decoder, Length(length));
        }
        if !std::mem::replace(&mut self.offset_table_read, true) {
            if length.is_multiple_of(4) && length as usize / 4 <= MOST_FRAGMENTS {
                return decoder
                    .read_u32_to_vec(length, offset_table)
                    .map_err(|e| OpenError::Damaged(sentence(&e)));
            }
            return skip(&mut decoder, Length(length));
        }
        if fragments.len() >= MOST_FRAGMENTS {
            return Err(OpenError::Damaged("it has too many fragments".into()));
        }
        fragments.push(Fragment {
            offset: decoder.position(),
            length,
        });
        skip(&mut decoder, Length(length))
    }

    fn end_sequence(&mut self) {
        let Some(sequence) = self.open.pop() else {
            return;
        };
        if sequence.pixel_data {
            self.pixels_located |= self.open.is_empty();
        } else if sequence.kept {
            let items = DataSetSequence::new(sequence.items, Length::UNDEFINED);
            // Counted as one more element than the limit at most: the limit is on the items'.
            let _ = self.put(DataElement::new(sequence.tag, VR::SQ, items));
        }
    }

    fn locate_native(&mut self, header: &dicom_core::DataElementHeader, offset: u64) -> bool {
        let kind = match header.tag {
            tags::PIXEL_DATA => NativeKind::Integer,
            tags::FLOAT_PIXEL_DATA => NativeKind::Float,
            tags::DOUBLE_FLOAT_PIXEL_DATA => NativeKind::Double,
            _ => return false,
        };
        self.pixels = Pixels::Native {
            kind,
            offset,
            length: u64::from(header.len.0),
            words: header.vr != VR::OB,
        };
        self.pixels_located = true;
        true
    }

    fn keeps(&self, tag: Tag) -> bool {
        match self.open.last() {
            Some(sequence) => sequence.item.is_some() && tag.group().is_multiple_of(2),
            None => {
                matches!(tag.group(), 0x0008 | 0x0010 | 0x0018 | 0x0020 | 0x0028)
                    || matches!(
                        tag,
                        tags::PRESENTATION_LUT_SHAPE | tags::EXTENDED_OFFSET_TABLE
                    )
            }
        }
    }

    fn put(&mut self, element: dicom_object::mem::InMemElement) -> Result<(), OpenError> {
        self.kept_elements += 1;
        if self.kept_elements > MOST_KEPT_ELEMENTS {
            return Err(OpenError::Damaged("its header is too large".into()));
        }
        let target = match self.open.last_mut() {
            Some(sequence) => sequence.item.as_mut(),
            None => Some(self.root.get_or_insert_with(InMemDicomObject::new_empty)),
        };
        if let Some(target) = target {
            target.put_element(element);
        }
        Ok(())
    }
}

fn skip<D: StatefulDecode>(decoder: &mut D, length: Length) -> Result<(), OpenError> {
    decoder
        .skip_bytes(length.0)
        .map_err(|e| OpenError::Damaged(sentence(&e)))
}
