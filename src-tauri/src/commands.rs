//! The commands: they forward, nothing else.

use dhc_ipc::{Call, Failure};
use serde_json::Value;
use tauri::State;
use tauri::ipc::Response;

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
