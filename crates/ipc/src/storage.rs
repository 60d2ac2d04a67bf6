//! Ciphertext: what is here, what others keep, what others hand out. Each is known apart, and none
//! is concluded from another.

use serde::{Deserialize, Serialize};

use crate::{Code, RecordView};

/// Of one object, by its record's id or its CID, or of all. `check`: ask the pinning services now,
/// and let each hand out a random sample of blocks to a stranger.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StorageObjects {
    pub id: Option<String>,
    #[serde(default)]
    pub check: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StorageObjectsView {
    /// Bytes of all blocks here.
    pub bytes: u64,
    /// Bytes that are not exceeded: what would is refused before anything is written.
    pub quota: u64,
    pub objects: Vec<ObjectView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectView {
    /// The record's id; empty where the record is not known.
    pub id: String,
    pub cid: String,
    /// The grant by which it is here, where it is somebody else's.
    pub grant: Option<String>,
    pub here: HereView,
    pub pins: Vec<PinView>,
    /// At how many services it was pinned when each was last asked.
    pub pinned_at: u32,
    /// When a random sample of its blocks was last handed out to a stranger, by any service.
    pub retrievable: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HereView {
    /// Blocks that are here, by name.
    pub blocks: u32,
    /// Blocks it has; absent while too few are here to tell.
    pub of: Option<u32>,
    /// Bytes of the whole object.
    pub bytes: Option<u64>,
    /// Whether every block is here by name. `scrubbed` says whether they were read.
    pub whole: bool,
    /// When every block was last read and compared with its CID.
    pub scrubbed: Option<String>,
    /// Blocks that were then not what their CID says, or missing.
    pub damaged: u32,
    pub missing: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinStage {
    /// Not asked of the service yet, or let go by it.
    Absent,
    Queued,
    Pinning,
    Pinned,
    Failed,
}

/// An object at one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinView {
    pub service: String,
    /// As the service said when it last answered.
    pub status: PinStage,
    pub asked: Option<String>,
    /// Why it could not be asked since.
    pub code: Option<Code>,
    pub probe: Option<ProbeView>,
}

/// A random sample of blocks, asked for as a stranger would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeView {
    pub time: String,
    pub sampled: u32,
    /// Absent: every block came and was what its CID says.
    pub code: Option<Code>,
}

/// Reads every block and compares it with its CID. `repair`: fetches what is damaged or missing
/// from the services and peers that should have it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct VerifyStorage {
    pub id: Option<String>,
    #[serde(default)]
    pub repair: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StorageVerified {
    /// Whether every object is whole now.
    pub whole: bool,
    pub blocks: u32,
    pub damaged: u32,
    pub missing: u32,
    pub repaired: u32,
    /// Of the objects that are not whole: why the rest could not be fetched.
    pub failed: Vec<ObjectFailure>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectFailure {
    pub id: String,
    pub cid: String,
    pub code: Code,
    pub message: String,
}

/// The quota; `bytes` sets it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StorageQuota {
    pub bytes: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QuotaView {
    pub quota: u64,
    pub bytes: u64,
}

/// Removes an object's blocks from this device. Refused (`last_copy`) unless a service keeps it and
/// has just handed out a sample; `last_copy` says that this is meant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ForgetObject {
    pub id: String,
    #[serde(default)]
    pub last_copy: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forgotten {
    pub id: String,
    pub cid: String,
    pub blocks: u32,
    /// Services that keep it, asked just now.
    pub kept_at: Vec<String>,
    pub warning: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinServiceKind {
    /// The IPFS Pinning Service API.
    Api,
    /// Kubo's RPC.
    Kubo,
}

/// Services that keep this profile's objects.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PinServices {}

/// Names a service and has every record pinned there.
#[derive(Clone, Serialize, Deserialize)]
pub struct AddPinService {
    pub name: String,
    pub kind: PinServiceKind,
    pub url: String,
    /// A secret.
    pub token: Option<String>,
}

impl std::fmt::Debug for AddPinService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AddPinService({})", self.name)
    }
}

/// Forgets a service; `unpin`: after asking it to let this profile's objects go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RemovePinService {
    pub name: String,
    #[serde(default)]
    pub unpin: bool,
}

/// Has every record pinned at every service that does not keep it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SyncPins {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinServicesView {
    pub services: Vec<PinServiceView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinServiceView {
    pub name: String,
    pub kind: PinServiceKind,
    /// Without path and query, which may hold access keys.
    pub url: String,
    pub has_token: bool,
    /// Multiaddresses of its nodes, as far as they are known.
    pub peers: Vec<String>,
    pub pinned: u32,
    /// Records that it does not keep, or was not asked about.
    pub waiting: u32,
    /// Why it could not be asked last.
    pub code: Option<Code>,
}

/// Writes an object's blocks into a CAR file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExportObject {
    pub id: String,
    pub out: String,
}

/// Takes a CAR file's blocks, each checked against its CID.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportObjects {
    pub path: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarView {
    pub roots: Vec<String>,
    pub blocks: u32,
    pub bytes: u64,
}

/// Finds this profile's records again: from the chain's proven history and the blocks that this
/// home, its pinning services or `from` (multiaddresses with `/p2p/…`) hand out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RestoreRecords {
    #[serde(default)]
    pub from: Vec<String>,
    /// Fetch every block now, not only what tells what the records are.
    #[serde(default)]
    pub whole: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoredView {
    pub restored: Vec<RecordView>,
    /// Records that were here already.
    pub known: u32,
    pub failed: Vec<ObjectFailure>,
}
