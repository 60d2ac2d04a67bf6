//! `dhc serve`: the app in a browser, on loopback.

mod gate;
mod pages;
mod routes;
mod upload;

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc};

use dhc_adapters::compose;
use dhc_app::App;
use dhc_ipc::{Code, Failure};
use serde_json::json;

use crate::{
    args::{Cli, DevnetStart, Serve},
    composition::{self, ONLY},
    demo::Kept,
    output::Output,
};

/// What the handlers share.
#[derive(Clone)]
pub struct Shared {
    pub app: Arc<App>,
    pub gate: Arc<gate::Gate>,
    pub pages: Arc<pages::Pages>,
}

pub async fn serve(cli: &Cli, args: &Serve, output: &Output) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .await
        .map_err(|e| Failure::new(Code::Misuse, format!("port {}: {e}", args.port)))?;
    let port = listener
        .local_addr()
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?
        .port();

    // The demo's network lives as long as its app.
    let kept = args.demo.as_deref().map(Kept::at);
    let devnet = match &kept {
        Some(kept) => {
            let start = DevnetStart {
                day_s: kept.day_s()?,
                ..DevnetStart::quiet()
            };
            Some(crate::devnet::run(&start, kept.devnet()).await?)
        }
        None => None,
    };
    let network = match &devnet {
        Some(devnet) => devnet.network_file.clone(),
        None => composition::network(&cli.network)?,
    };
    let profiles = kept
        .as_ref()
        .map(Kept::homes)
        .or_else(|| args.profiles.clone());
    let app = App::new(compose::world(
        network,
        profiles.clone(),
        kept.is_some(),
        true,
    ));
    match profiles {
        Some(_) => app.open_profiles().await?,
        None => drop(app.open_profile(ONLY, &composition::home(cli)?).await?),
    }
    tokio::spawn(app.clone().keep_watch());

    let gate = Arc::new(gate::Gate::new(port));
    let pages = Arc::new(pages::Pages::open(ui(args))?);
    let url = gate.url();
    let shared = Shared {
        app: app.clone(),
        gate,
        pages,
    };
    let server = axum::serve(listener, routes::router(shared));
    output.ready(&json!({"ready": true, "url": url}));
    tokio::select! {
        ended = async { server.await } => ended.map_err(|e| Failure::new(Code::Internal, e.to_string()))?,
        () = crate::interrupted() => {}
    }
    for profile in app.state()?.profiles {
        app.close_profile(&profile.id).await;
    }
    if let Some(devnet) = devnet {
        devnet.shutdown().await;
    }
    Ok(())
}

/// The built UI: as told, else beside the program's folder.
fn ui(args: &Serve) -> PathBuf {
    args.ui.clone().unwrap_or_else(|| {
        let beside = std::env::current_exe()
            .ok()
            .and_then(|exe| Some(exe.parent()?.parent()?.join("ui-dist")));
        beside.unwrap_or_else(|| PathBuf::from("ui-dist"))
    })
}
