use serde::{Deserialize, Serialize};

/// Why an input is not taken, as callers branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// Not a DICOM file (PS3.10), nor a data set that can be recognised as one.
    NotDicom,
    /// A DICOM file that ends early or contradicts itself.
    DicomDamaged,
    /// Pixel data in an encoding that is not decoded.
    UnsupportedTransferSyntax,
    /// A zip archive that would write outside its folder, holds links, or is a bomb.
    ArchiveRefused,
}

impl RefusalCode {
    /// The code on the wire, the same as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotDicom => "not_dicom",
            Self::DicomDamaged => "dicom_damaged",
            Self::UnsupportedTransferSyntax => "unsupported_transfer_syntax",
            Self::ArchiveRefused => "archive_refused",
        }
    }
}

/// A file of the input that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub path: String,
    pub code: RefusalCode,
    /// A sentence for people.
    pub message: String,
}

/// A file whose SOP instance the input holds already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    pub path: String,
    pub sop_instance_uid: String,
    /// Whether it is the same file byte for byte. If not, the first one read was taken.
    pub identical: bool,
}

/// Why a file could not be opened as DICOM.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("this is not a DICOM file")]
    NotDicom,
    #[error("the DICOM file is damaged: {0}")]
    Damaged(String),
    #[error("the file could not be read")]
    Io(#[source] std::io::Error),
}

impl OpenError {
    /// `None` where the storage failed, not the file.
    pub const fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::NotDicom => Some(RefusalCode::NotDicom),
            Self::Damaged(_) => Some(RefusalCode::DicomDamaged),
            Self::Io(_) => None,
        }
    }
}

/// Why a frame could not be decoded or shown.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the instance holds no image")]
    NotAnImage,
    #[error("there is no frame {frame}: the instance has {frames}")]
    NoSuchFrame { frame: u32, frames: u32 },
    #[error("there is no window called {0}")]
    NoSuchWindow(String),
    #[error("{what} (transfer syntax {transfer_syntax}) is not decoded")]
    Unsupported {
        transfer_syntax: String,
        what: String,
    },
    #[error("the image is damaged: {0}")]
    Damaged(String),
}

impl DecodeError {
    /// `None` where the caller asked for what does not exist, or the storage failed.
    pub const fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::Open(e) => e.code(),
            Self::Unsupported { .. } => Some(RefusalCode::UnsupportedTransferSyntax),
            Self::Damaged(_) => Some(RefusalCode::DicomDamaged),
            Self::NotAnImage | Self::NoSuchFrame { .. } | Self::NoSuchWindow(_) => None,
        }
    }
}
