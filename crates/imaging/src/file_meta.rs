//! Preamble and file meta information (PS3.10, 7.1), read leniently: what a reader can guess
//! from the bytes is not required.

use std::io::Read;

use dicom_core::header::Header;
use dicom_core::{PrimitiveValue, Tag};
use dicom_dictionary_std::{tags, uids};
use dicom_encoding::TransferSyntaxIndex;
use dicom_parser::{DynStatefulDecoder, StatefulDecode};
use dicom_transfer_syntax_registry::{TransferSyntax, TransferSyntaxRegistry, entries};

use crate::refusal::OpenError;
use crate::tape::Tape;

/// What of the file meta information is used.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileMeta {
    pub(crate) transfer_syntax: String,
    pub(crate) sop_class_uid: Option<String>,
    pub(crate) sop_instance_uid: Option<String>,
    /// The data set is in implicit VR although the transfer syntax is an explicit one: a known
    /// fault of writers.
    implicit_after_all: bool,
}

impl FileMeta {
    /// How the data set is encoded. A syntax that the registry does not know is Explicit VR
    /// Little Endian with encapsulated pixel data, as all new ones are (PS3.5, A.4).
    pub(crate) fn encoding(&self) -> &'static TransferSyntax {
        let uid = match self.implicit_after_all {
            true => uids::IMPLICIT_VR_LITTLE_ENDIAN,
            false => &self.transfer_syntax,
        };
        TransferSyntaxRegistry
            .get(uid)
            .filter(|ts| ts.can_decode_dataset())
            .unwrap_or_else(|| {
                TransferSyntaxRegistry
                    .get(uids::EXPLICIT_VR_LITTLE_ENDIAN)
                    .expect("the registry has the default syntaxes")
            })
    }

    pub(crate) fn is_deflated(&self) -> bool {
        matches!(self.encoding().codec(), dicom_encoding::Codec::Dataset(_))
    }
}

const PREAMBLE: usize = 128;
const MAGIC: &[u8; 4] = b"DICM";
/// No real meta value comes near; a lying length must not allocate.
const LONGEST_META_VALUE: u32 = 1 << 16;

/// Reads up to the first byte of the data set.
pub(crate) fn read_file_meta<R: Read>(tape: &mut Tape<R>) -> Result<FileMeta, OpenError> {
    let head = tape.peek().map_err(OpenError::Io)?;
    if head.get(PREAMBLE..PREAMBLE + 4) == Some(MAGIC) {
        tape.take_array::<{ PREAMBLE + 4 }>()
            .map_err(OpenError::Io)?;
    } else if head.starts_with(MAGIC) {
        tape.take_array::<4>().map_err(OpenError::Io)?;
    } else if guess_encoding(head).is_none() && !starts_with_meta(head) {
        return Err(OpenError::NotDicom);
    }

    let mut meta = FileMeta::default();
    while starts_with_meta(tape.peek().map_err(OpenError::Io)?) {
        let (tag, value) = read_meta_element(tape)?;
        let text = value.to_str();
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        match tag {
            tags::TRANSFER_SYNTAX_UID => meta.transfer_syntax = text.to_owned(),
            tags::MEDIA_STORAGE_SOP_CLASS_UID => meta.sop_class_uid = Some(text.to_owned()),
            tags::MEDIA_STORAGE_SOP_INSTANCE_UID => meta.sop_instance_uid = Some(text.to_owned()),
            _ => {}
        }
    }
    if meta.transfer_syntax.is_empty() {
        let guessed = guess_encoding(tape.peek().map_err(OpenError::Io)?)
            .ok_or_else(|| OpenError::Damaged("it names no transfer syntax".into()))?;
        meta.transfer_syntax = guessed.to_owned();
    }
    let head = tape.peek().map_err(OpenError::Io)?;
    meta.implicit_after_all =
        !meta.is_deflated() && guess_encoding(head) == Some(uids::IMPLICIT_VR_LITTLE_ENDIAN);
    Ok(meta)
}

fn starts_with_meta(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x02, 0x00])
}

fn read_meta_element<R: Read>(tape: &mut Tape<R>) -> Result<(Tag, PrimitiveValue), OpenError> {
    let damaged = |what: String| OpenError::Damaged(format!("file meta information: {what}"));
    match decode_meta_element(tape) {
        Ok(Some(element)) => Ok(element),
        Ok(None) => Err(damaged("a value is too long".into())),
        Err(e) => Err(match tape.storage_failure() {
            Some(io) => OpenError::Io(io),
            None => damaged(e.to_string()),
        }),
    }
}

/// `None` where the value is too long to be one.
fn decode_meta_element<R: Read>(
    tape: &mut Tape<R>,
) -> Result<Option<(Tag, PrimitiveValue)>, dicom_parser::stateful::decode::Error> {
    let ts = entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
    let mut decoder = DynStatefulDecoder::new_with_ts(tape as &mut dyn Read, &ts, 0)?;
    let header = decoder.decode_header()?;
    if header.len.0 > LONGEST_META_VALUE {
        return Ok(None);
    }
    let value = decoder.read_value_preserved(&header)?;
    Ok(Some((header.tag(), value)))
}

/// The encoding of a data set without file meta information, by its first element: one of the
/// groups a data set begins with, and a representation or a length that can follow.
fn guess_encoding(bytes: &[u8]) -> Option<&'static str> {
    let head: &[u8; 8] = bytes.first_chunk()?;
    let vr = [head[4], head[5]];
    let explicit = vr.iter().all(u8::is_ascii_uppercase);
    match ([head[0], head[1]], explicit) {
        ([0x08, 0x00], true) => Some(uids::EXPLICIT_VR_LITTLE_ENDIAN),
        ([0x00, 0x08], true) => Some("1.2.840.10008.1.2.2"),
        ([0x08, 0x00], false) => {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            (length < 1 << 12).then_some(uids::IMPLICIT_VR_LITTLE_ENDIAN)
        }
        _ => None,
    }
}
