use serde::{Deserialize, Serialize};

use crate::{Code, GrantView, Standing};

/// Files, folders, zip archives, DICOMDIR. In a browser: paths given by `POST /api/upload`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Import {
    pub paths: Vec<String>,
    /// A seal file as `issue` writes it.
    #[serde(default)]
    pub issuer_seal: Option<String>,
    /// A file with an institution's signing key: 32 bytes in hex.
    #[serde(default)]
    pub issuer_key: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportView {
    pub studies: Vec<RecordView>,
    /// Ids of records that stood here already, with the path they came in by.
    pub duplicates: Vec<DuplicateView>,
    pub skipped: Vec<SkippedView>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DuplicateView {
    pub id: String,
    pub path: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SkippedView {
    pub path: String,
    pub code: Code,
    pub message: String,
}

/// Signs, as an institution, that a study is this patient's: the seal goes with the study.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issue {
    pub paths: Vec<String>,
    pub to: String,
    /// `secondary`, `tertiary`, `top_tertiary`.
    pub grade: String,
    /// `common`, `difficult`, `rare`, `infectious`.
    pub disease: String,
    pub out: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IssueView {
    pub issuer: String,
    pub studies: Vec<String>,
    pub out: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Records {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordsView {
    pub records: Vec<RecordView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    pub tx: String,
    pub height: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordView {
    pub id: String,
    pub study_uid: String,
    /// Study date, RFC 3339 full-date; empty where the study has none.
    pub date: String,
    pub modalities: Vec<String>,
    pub description: String,
    pub series: u32,
    pub instances: u32,
    pub bytes: u64,
    pub cid: String,
    pub commitment: String,
    /// Absent until the transaction is proven.
    pub indexed: Option<Indexed>,
    /// Who carried the record's act in and paid for it, if it was not its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
    pub standing: Standing,
    /// DICOM BodyPartExamined (0018,0015) of the first series that has it.
    pub body_part: Option<String>,
    /// InstitutionName (0008,0080) as the study says it: not proven.
    pub institution: Option<String>,
    pub patient_name: Option<String>,
    /// The certified institution that sealed it, by its address.
    pub issuer: Option<String>,
    pub issuer_name: Option<String>,
    pub contributed: bool,
    pub imported: String,
    /// Grants that are active now.
    pub shared_with: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShowRecord {
    pub id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordDetail {
    #[serde(flatten)]
    pub record: RecordView,
    pub series_list: Vec<SeriesView>,
    pub grants: Vec<GrantView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesView {
    pub uid: String,
    pub number: Option<i32>,
    pub modality: String,
    pub description: String,
    pub instances: u32,
    pub frames: u32,
}
