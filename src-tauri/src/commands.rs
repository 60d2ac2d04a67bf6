//! The commands: they forward to the core, or to the system's own dialog; nothing else.

use dhc_ipc::{Call, Failure};
use serde_json::Value;
use tauri::ipc::Response;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::{DialogExt, FilePath};
use tokio::sync::oneshot;

use crate::compose::Core;

#[tauri::command]
pub async fn call(core: State<'_, Core>, call: Call) -> Result<Value, Failure> {
    core.app.call(call).await
}

/// A frame as `dhc_ipc::encode_frame` writes it: bytes, never JSON.
#[tauri::command]
pub async fn frame(
    core: State<'_, Core>,
    profile: &str,
    film: &str,
    series: u32,
    frame: u32,
) -> Result<Response, Failure> {
    core.app
        .frame(profile, film, series, frame)
        .await
        .map(Response::new)
}

/// A series' picture as PNG.
#[tauri::command]
pub async fn thumbnail(
    core: State<'_, Core>,
    profile: &str,
    film: &str,
    series: u32,
) -> Result<Response, Failure> {
    core.app
        .thumbnail(profile, film, series)
        .await
        .map(Response::new)
}

/// Lets the person choose files, or folders, in the system's dialog. Their paths; none when the
/// person thought better of it.
#[tauri::command]
pub async fn choose(app: AppHandle, folders: bool) -> Vec<String> {
    let (tell, told) = oneshot::channel();
    let chosen = move |paths: Option<Vec<FilePath>>| {
        // The page that asked may be gone by now.
        let _ = tell.send(paths.unwrap_or_default());
    };
    let dialog = app.dialog().file();
    if folders {
        dialog.pick_folders(chosen);
    } else {
        dialog.pick_files(chosen);
    }
    told.await
        .unwrap_or_default()
        .into_iter()
        .filter_map(|path| path.into_path().ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}
