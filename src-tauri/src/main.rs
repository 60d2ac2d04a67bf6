//! The shell: one window, four commands, its events.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod assets;
mod commands;
mod compose;
mod links;

use std::process::ExitCode;

use clap::Parser;
use dhc_ipc::{Code, Failure};
use tauri::{AppHandle, Context, Emitter, Manager, RunEvent};
use tauri_plugin_deep_link::DeepLinkExt;

use compose::{Arguments, Core};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut context = tauri::generate_context!(assets = assets::Folder::beside_program());
    if let Some(route) = arguments.route() {
        links::begin_on(&mut context, &route);
    }
    match run(&arguments, context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            if let Some(hint) = &failure.hint {
                eprintln!("{hint}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, context: Context) -> Result<(), Failure> {
    let no_window = |error: tauri::Error| {
        Failure::new(Code::Internal, format!("the window did not open: {error}"))
    };
    // One window for a folder of profiles: a second start hands over its link and ends here.
    let single = tauri_plugin_single_instance::Builder::new()
        .dbus_id(arguments.instance()?)
        .callback(|app, words, _| links::show(app, links::among(&words).as_deref()))
        .build();
    let own_pages = tauri::plugin::Builder::<_, ()>::new("own-pages")
        .on_navigation(|_, address| links::is_own_page(address))
        .build();
    let app = tauri::Builder::default()
        .plugin(single)
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(own_pages)
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::choose,
            commands::frame,
            commands::thumbnail
        ])
        .build(context)
        .map_err(no_window)?;
    let core = tauri::async_runtime::block_on(compose::open(arguments))?;
    forward_events(app.handle().clone(), &core);
    app.manage(core.clone());
    hear_links(app.handle(), arguments);
    app.run(move |_, event| {
        if let RunEvent::Exit = event {
            tauri::async_runtime::block_on(core.close());
        }
    });
    Ok(())
}

/// Makes this program the one that opens `dhc://` links. A demo leaves the person's settings alone.
fn hear_links(app: &AppHandle, arguments: &Arguments) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        let words: Vec<String> = event.urls().iter().map(ToString::to_string).collect();
        links::show(&handle, links::among(&words).as_deref());
    });
    if !arguments.is_demo()
        && let Err(error) = app.deep_link().register(links::SCHEME)
    {
        eprintln!(
            "links that begin with {}:// do not open here: {error}",
            links::SCHEME
        );
    }
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
