//! `dhc storage`: what is here, what others keep, and the way out and in.

use std::path::Path;

use dhc_ipc::{self as ipc, Failure};
use serde_json::Value;

use crate::{
    args::{Pin, Restore, Storage},
    composition::One,
    secrets,
};

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

pub async fn run(one: &One, command: &Storage) -> Result<Value, Failure> {
    match command {
        Storage::Status { id, check } => {
            let (id, check) = (id.clone(), *check);
            one.ask(ipc::StorageObjects { id, check }).await
        }
        Storage::Verify { id, repair } => {
            let (id, repair) = (id.clone(), *repair);
            one.ask(ipc::VerifyStorage { id, repair }).await
        }
        Storage::Quota { bytes } => one.ask(ipc::StorageQuota { bytes: *bytes }).await,
        Storage::Forget { id, last_copy } => {
            let (id, last_copy) = (id.clone(), *last_copy);
            one.ask(ipc::ForgetObject { id, last_copy }).await
        }
        Storage::Export { id, out } => {
            let (id, out) = (id.clone(), text(out));
            one.ask(ipc::ExportObject { id, out }).await
        }
        Storage::Import { file } => {
            let path = text(file);
            one.ask(ipc::ImportObjects { path }).await
        }
        Storage::Pin(pin) => pins(one, pin).await,
    }
}

async fn pins(one: &One, command: &Pin) -> Result<Value, Failure> {
    match command {
        Pin::Add {
            name,
            url,
            token_file,
            kubo,
        } => {
            let token = token_file.as_deref().map(secrets::first_line).transpose()?;
            one.ask(ipc::AddPinService {
                name: name.clone(),
                kind: if *kubo {
                    ipc::PinServiceKind::Kubo
                } else {
                    ipc::PinServiceKind::Api
                },
                url: url.clone(),
                token: token.map(|t| t.to_string()),
            })
            .await
        }
        Pin::List => one.ask(ipc::PinServices {}).await,
        Pin::Remove { name, unpin } => {
            let (name, unpin) = (name.clone(), *unpin);
            one.ask(ipc::RemovePinService { name, unpin }).await
        }
        Pin::Sync => one.ask(ipc::SyncPins {}).await,
    }
}

pub async fn restore(one: &One, args: &Restore) -> Result<Value, Failure> {
    let (from, whole) = (args.from.clone(), args.whole);
    one.ask(ipc::RestoreRecords { from, whole }).await
}
