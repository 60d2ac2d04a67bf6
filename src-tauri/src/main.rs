//! The shell: one window, three commands that forward to the core, its events.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod assets;
mod commands;
mod compose;

use std::process::ExitCode;

use clap::Parser;
use tauri::{Emitter, Manager, RunEvent};

use compose::{Arguments, Core};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let core = match tauri::async_runtime::block_on(compose::open(&arguments)) {
        Ok(core) => core,
        Err(failure) => {
            eprintln!("{failure}");
            if let Some(hint) = &failure.hint {
                eprintln!("{hint}");
            }
            return ExitCode::FAILURE;
        }
    };
    let built = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::frame,
            commands::thumbnail
        ])
        .setup({
            let core = core.clone();
            move |app| {
                forward_events(app.handle().clone(), &core);
                app.manage(core);
                Ok(())
            }
        })
        .build(tauri::generate_context!(
            assets = assets::Folder::beside_program()
        ));
    match built {
        Ok(app) => app.run(move |_, event| {
            if let RunEvent::Exit = event {
                tauri::async_runtime::block_on(core.close());
            }
        }),
        Err(error) => {
            eprintln!("the window did not open: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Tells the window what the core tells, as the event `dhc`.
fn forward_events(window: tauri::AppHandle, core: &Core) {
    let mut events = core.app.events();
    tauri::async_runtime::spawn(async move {
        use tokio::sync::broadcast::error::RecvError;
        loop {
            match events.recv().await {
                // A window that is closing hears no more.
                Ok(event) => drop(window.emit("dhc", event)),
                // Who lags behind reads the screens anew anyway.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}
