//! `VaultFile`.

use std::fs;

use dhc_app::ports::VaultFile;

use super::memory::MemoryVault;
use crate::vault_file::FileVault;

/// What every vault file does, on an empty one.
fn suite(vault: &dyn VaultFile) {
    let both = || (vault.read().unwrap(), vault.read_previous().unwrap());
    let some = |bytes: &[u8]| Some(bytes.to_vec());
    assert_eq!(both(), (None, None));
    vault.write(b"first").unwrap();
    assert_eq!(both(), (some(b"first"), None));
    vault.write(b"the second").unwrap();
    assert_eq!(both(), (some(b"the second"), some(b"first")));
    vault.write(b"3").unwrap();
    assert_eq!(both(), (some(b"3"), some(b"the second")));
    vault.write(b"3").unwrap();
    assert_eq!(both(), (some(b"3"), some(b"3")));
    vault.write(b"4").unwrap();
    assert_eq!(both(), (some(b"4"), some(b"3")));
}

#[test]
fn the_model_conforms() {
    suite(&MemoryVault::default());
}

#[test]
fn files_conform() {
    let folder = tempfile::tempdir().unwrap();
    suite(&FileVault::new(folder.path()));
}

#[test]
fn what_a_crash_leaves_beside_the_vault_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let vault = FileVault::new(folder.path());
    vault.write(b"1").unwrap();
    vault.write(b"2").unwrap();
    // Killed after the new bytes were written, and after the old got their second name.
    fs::write(folder.path().join("vault.new"), b"half").unwrap();
    fs::hard_link(
        folder.path().join("vault"),
        folder.path().join("vault.previous.new"),
    )
    .unwrap();
    assert_eq!(vault.read().unwrap(), Some(b"2".to_vec()));
    assert_eq!(vault.read_previous().unwrap(), Some(b"1".to_vec()));
    vault.write(b"3").unwrap();
    assert_eq!(vault.read().unwrap(), Some(b"3".to_vec()));
    assert_eq!(vault.read_previous().unwrap(), Some(b"2".to_vec()));
}
