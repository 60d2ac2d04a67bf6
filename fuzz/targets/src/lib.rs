//! Every decoder of bytes that strangers send, as a function of the bytes: it panics where a
//! property does not hold, and may do no other harm. libFuzzer calls each by a program of its own
//! (`fuzz/fuzz_targets`), the stable tests all of them over their corpora and what is made of
//! those ([`slice()`]). docs/security.md lists the decoders, CONTRIBUTING.md says how to add one.

mod answers;
pub mod chain;
pub mod content;
pub mod ethereum;
pub mod exchange;
pub mod holder;
pub mod imaging;
pub mod local;
pub mod node;
#[path = "../../../tests/seeded/mod.rs"]
mod seeded;
mod slice;

use std::path::{Path, PathBuf};

pub use answers::{Garbling, Recording, record};
pub use slice::{Fallen, slice};

/// A decoder, with what is asserted of it.
#[derive(Clone, Copy)]
pub struct Target {
    /// Of its program, its corpus and its row in docs/security.md.
    pub name: &'static str,
    /// Panics where the bytes make the decoder break a promise.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($room:ident: $($name:ident)*;)*) => {
        /// Every target, by the room it stands in.
        pub const TARGETS: &[Target] = &[
            $($(Target { name: stringify!($name), run: $room::$name },)*)*
        ];
    };
}

targets! {
    node: comet_commit comet_validators comet_query comet_batch comet_block comet_results
        evm_logs evm_quantity;
    ethereum: ethereum_header ethereum_transactions ethereum_receipts ethereum_proof;
    chain: ics23_proof tx_envelope tx_result revert state_value log_entry intent_call
        stored_header evidence;
    content: note note_words request reason letter errand errand_answer object_header
        object_manifest object_frame tree_node car;
    exchange: oakley_to_owner oakley_to_grantee;
    holder: oakley_to_holder oakley_of_holder;
    imaging: dicom_file dicom_codestream dicom_scan;
    local: vault_file seal_file network_file ipc_call ipc_frame typed_text;
}

/// The folder `fuzz` of the repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}

impl Target {
    /// Where its honest inputs are, and those that once broke it.
    pub fn corpus(&self) -> PathBuf {
        folder().join("corpus").join(self.name)
    }
}
