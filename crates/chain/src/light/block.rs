use dhc_domain::{Height, Timestamp};
use prost::Message;
use tendermint::{
    Hash,
    block::{Header, signed_header::SignedHeader},
    validator,
};
use tendermint_proto::v0_38::types::{
    LightBlock as RawLightBlock, ValidatorSet as RawValidatorSet,
};

/// A header, the commit that signs it, its validators and the next ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightBlock {
    pub signed_header: SignedHeader,
    pub validators: validator::Set,
    pub next_validators: validator::Set,
}

/// A stored block cannot be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored header is damaged")]
pub struct BadStoredBlock;

/// As stored: the light block in Tendermint's own encoding, and the next validators.
#[derive(Clone, PartialEq, Message)]
struct StoredBlock {
    #[prost(message, optional, tag = "1")]
    light_block: Option<RawLightBlock>,
    #[prost(message, optional, tag = "2")]
    next_validators: Option<RawValidatorSet>,
}

impl LightBlock {
    pub fn header(&self) -> &Header {
        &self.signed_header.header
    }

    pub fn height(&self) -> Height {
        Height(self.header().height.value())
    }

    pub fn hash(&self) -> Hash {
        self.header().hash()
    }

    pub fn time(&self) -> Timestamp {
        seconds(self.header())
    }

    /// The block for the header store. The format is kept: protobuf
    /// `{1: tendermint.types.LightBlock, 2: tendermint.types.ValidatorSet}`.
    pub fn encode(&self) -> Vec<u8> {
        StoredBlock {
            light_block: Some(RawLightBlock {
                signed_header: Some(self.signed_header.clone().into()),
                validator_set: Some(self.validators.clone().into()),
            }),
            next_validators: Some(self.next_validators.clone().into()),
        }
        .encode_to_vec()
    }

    /// Reads a stored block back, checking that its parts still belong together.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadStoredBlock> {
        let bad = |_| BadStoredBlock;
        let stored = StoredBlock::decode(bytes).map_err(|_| BadStoredBlock)?;
        let light = stored.light_block.ok_or(BadStoredBlock)?;
        let block = Self {
            signed_header: light
                .signed_header
                .ok_or(BadStoredBlock)?
                .try_into()
                .map_err(bad)?,
            validators: light
                .validator_set
                .ok_or(BadStoredBlock)?
                .try_into()
                .map_err(bad)?,
            next_validators: stored
                .next_validators
                .ok_or(BadStoredBlock)?
                .try_into()
                .map_err(bad)?,
        };
        let header = block.header();
        let whole = block.signed_header.commit.block_id.hash == header.hash()
            && block.validators.hash() == header.validators_hash
            && block.next_validators.hash() == header.next_validators_hash;
        if whole {
            Ok(block)
        } else {
            Err(BadStoredBlock)
        }
    }
}

/// A header's time, whole seconds.
pub(crate) fn seconds(header: &Header) -> Timestamp {
    Timestamp(u64::try_from(header.time.unix_timestamp()).unwrap_or(0))
}

pub(crate) fn height_of(header: &Header) -> Height {
    Height(header.height.value())
}
