//! Declares every command: what is not declared here is refused, and what is declared is allowed
//! only to the windows of `capabilities/`.

fn main() {
    let commands =
        tauri_build::AppManifest::new().commands(&["call", "choose", "frame", "thumbnail"]);
    let attributes = tauri_build::Attributes::new().app_manifest(commands);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
