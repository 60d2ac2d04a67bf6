//! Files that people send each other, what programs of this machine say to the server, and what
//! people type and paste.

use dhc_app::SealFile;
use dhc_chain::light::Checkpoint;
use dhc_content::Cid;
use dhc_domain::{
    Action, Amount, GrantId, NetworkFile, Power, Purpose, RecordId, RequestId, Timestamp, TxHash,
};
use dhc_ipc::Call;
use dhc_vault::{SealedVault, Words};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// A vault file without its checksum, which anybody can make.
pub fn vault_file(bytes: &[u8]) {
    let file = [bytes, &Sha256::digest(bytes)].concat();
    if let Ok(vault) = SealedVault::parse(file.clone()) {
        assert_eq!(vault.as_bytes(), file, "a vault is kept as it was read");
        if let Some(kdf) = vault.kdf() {
            // What opening it would take.
            assert!(
                kdf.memory_kib <= 1 << 21,
                "it makes its reader spend gigabytes"
            );
        }
    }
    if let Ok(vault) = SealedVault::parse(bytes.to_vec()) {
        assert_eq!(vault.as_bytes(), bytes);
    }
}

pub fn seal_file(bytes: &[u8]) {
    if let Some(seals) = text(bytes).and_then(|text| SealFile::parse(text).ok()) {
        let written = serde_json::to_string(&seals).expect("seals are written");
        assert_eq!(SealFile::parse(&written).ok(), Some(seals));
    }
}

pub fn network_file(bytes: &[u8]) {
    if let Some(network) = text(bytes).and_then(|text| NetworkFile::parse(text).ok()) {
        let written = serde_json::to_string(&network).expect("a network file is written");
        assert_eq!(NetworkFile::parse(&written), Ok(network.clone()));
        let _ = Checkpoint::new(network.trust.height, &network.trust.hash);
    }
}

/// A call over loopback HTTP, and its arguments as each command that takes words from people.
pub fn ipc_call(bytes: &[u8]) {
    let Ok(call) = serde_json::from_slice::<Call>(bytes) else {
        return;
    };
    let written = serde_json::to_value(&call).expect("a call is written");
    let read: Call = serde_json::from_value(written.clone()).expect("what is written is read");
    assert_eq!(serde_json::to_value(&read).expect("it is"), written);
    arguments::<dhc_ipc::Import>(&call);
    arguments::<dhc_ipc::Issue>(&call);
    arguments::<dhc_ipc::Grant>(&call);
    arguments::<dhc_ipc::RenewGrant>(&call);
    arguments::<dhc_ipc::ShareGrant>(&call);
    arguments::<dhc_ipc::BreakGlass>(&call);
    arguments::<dhc_ipc::AskAccess>(&call);
    arguments::<dhc_ipc::AnswerRequest>(&call);
    arguments::<dhc_ipc::AppointProxy>(&call);
    arguments::<dhc_ipc::Propose>(&call);
    arguments::<dhc_ipc::RestoreVault>(&call);
    arguments::<dhc_ipc::ChangeSettings>(&call);
    arguments::<dhc_ipc::TrustCheckpoint>(&call);
    arguments::<dhc_ipc::Contribute>(&call);
    arguments::<dhc_ipc::Send>(&call);
}

fn arguments<T: DeserializeOwned>(call: &Call) {
    let _ = serde_json::from_value::<T>(call.args.clone());
}

/// A frame as the viewer gets it.
pub fn ipc_frame(bytes: &[u8]) {
    if let Some((header, pixels)) = dhc_ipc::decode_frame(bytes) {
        assert!(pixels.len() < bytes.len());
        let written = dhc_ipc::encode_frame(&header, pixels);
        assert_eq!(dhc_ipc::decode_frame(&written), Some((header, pixels)));
    }
}

/// Addresses, amounts, times, ids, words, as people type and paste them.
pub fn typed_text(bytes: &[u8]) {
    let typed = &String::from_utf8_lossy(bytes);
    if let Ok(cid) = typed.parse::<Cid>() {
        assert_eq!(cid.to_string().parse::<Cid>().ok(), Some(cid));
    }
    if let Ok(time) = typed.parse::<Timestamp>() {
        assert_eq!(time.to_string().parse::<Timestamp>().ok(), Some(time));
    }
    if let Ok(amount) = Amount::from_dhl(typed) {
        assert_eq!(amount.to_string().parse::<Amount>().ok(), Some(amount));
    }
    if let Ok(address) = dhc_domain::parse_address(typed) {
        assert_eq!(
            dhc_domain::parse_address(&address.to_checksum(None)).ok(),
            Some(address)
        );
    }
    if let Ok(words) = Words::parse(typed) {
        let again = Words::parse(&words.phrase());
        assert!(again.is_ok_and(|again| again.count() == words.count()));
    }
    let _ = (typed.parse::<RecordId>(), typed.parse::<GrantId>());
    let _ = (typed.parse::<RequestId>(), typed.parse::<TxHash>());
    let _ = (typed.parse::<Purpose>(), typed.parse::<Action>());
    let _ = (typed.parse::<Power>(), Checkpoint::new(1, typed));
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
