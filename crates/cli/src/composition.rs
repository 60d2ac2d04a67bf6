//! Puts the core on this machine's adapters.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use dhc_adapters::compose;
use dhc_app::App;
use dhc_domain::NetworkFile;
use dhc_ipc::{Call, Code, Command, Failure};
use serde_json::Value;

use crate::{args::Cli, progress, secrets};

/// The profile's id where a command has one home.
pub const ONLY: &str = "home";

/// Where a person's things are, if nothing else is said: `$XDG_DATA_HOME/dhc`.
pub fn data_folder() -> Result<PathBuf, Failure> {
    std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|h| Path::new(&h).join(".local/share")))
        .map(|d| d.join("dhc"))
        .ok_or_else(|| {
            Failure::new(Code::Misuse, "neither XDG_DATA_HOME nor HOME is set").hint("--home DIR")
        })
}

pub fn home(cli: &Cli) -> Result<PathBuf, Failure> {
    match &cli.home {
        Some(home) => Ok(home.clone()),
        None => Ok(data_folder()?.join("home")),
    }
}

/// Reads `--network`: a file, or a name.
pub fn network(name: &str) -> Result<NetworkFile, Failure> {
    let path = match name {
        "devnet" => data_folder()?.join("devnet/network.json"),
        "dhc" | "ethereum" => data_folder()?.join("networks").join(format!("{name}.json")),
        file => PathBuf::from(file),
    };
    let text = std::fs::read_to_string(&path).map_err(|e| match name {
        "devnet" => Failure::new(Code::NetworkUnreachable, "no embedded network is running")
            .hint("dhc devnet start"),
        "dhc" | "ethereum" => Failure::new(
            Code::NetworkUnreachable,
            format!("no file says where {name} is"),
        )
        .hint(format!("put its network file at {}", path.display())),
        _ => Failure::new(
            Code::Misuse,
            format!("network file {}: {e}", path.display()),
        ),
    })?;
    NetworkFile::parse(&text)
        .map_err(|e| Failure::new(Code::Misuse, format!("{}: {e}", path.display())))
}

/// One home, for one command.
pub struct One {
    pub app: Arc<App>,
}

impl One {
    /// Opens the home; unlocks it where `unlock` says so.
    pub async fn open(cli: &Cli, unlock: bool, answers: bool) -> Result<Self, Failure> {
        let network = network(&cli.network)?;
        let app = App::new(compose::world(network, None, false, answers));
        progress::draw(app.events(), cli.json);
        app.open_profile(ONLY, &home(cli)?).await?;
        let one = Self { app };
        if unlock {
            let password = secrets::password(cli, false)?.to_string();
            one.call(dhc_ipc::Unlock { password }).await?;
        }
        Ok(one)
    }

    pub async fn ask<C: Command>(&self, args: C) -> Result<Value, Failure> {
        let args =
            serde_json::to_value(args).map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
        let call = Call {
            name: C::NAME.into(),
            profile: ONLY.into(),
            job: Some("command".into()),
            args,
        };
        self.app.call(call).await
    }

    pub async fn call<C: Command>(&self, args: C) -> Result<C::Answer, Failure> {
        let answer = self.ask(args).await?;
        serde_json::from_value(answer).map_err(|e| Failure::new(Code::Internal, e.to_string()))
    }
}
