//! Puts the core on this machine's adapters, and on the embedded network where none is named.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use dhc_adapters::compose;
use dhc_app::App;
use dhc_devnet::{Config, Devnet};
use dhc_domain::NetworkFile;
use dhc_ipc::{Code, Failure};
use tokio::sync::Mutex;

use crate::links;

/// The wallet in a window.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    /// What `dhc demo --keep` left: three profiles and their network
    #[arg(long, env = "DHC_DEMO")]
    demo: Option<PathBuf>,
    /// A network file; without one the embedded network starts
    #[arg(long, env = "DHC_NETWORK", conflicts_with = "demo")]
    network: Option<PathBuf>,
    /// Where the profiles are
    #[arg(long, env = "DHC_PROFILES", conflicts_with = "demo")]
    profiles: Option<PathBuf>,
    /// A screen to begin on, as dhc://records
    link: Option<String>,
}

impl Arguments {
    pub fn is_demo(&self) -> bool {
        self.demo.is_some()
    }

    /// The route of the link that was given.
    pub fn route(&self) -> Option<String> {
        self.link.as_deref().and_then(links::route)
    }

    /// A name for the D-Bus by which a second start finds the first one over the same profiles.
    pub fn instance(&self) -> Result<String, Failure> {
        let mut hasher = DefaultHasher::new();
        profiles(self)?.hash(&mut hasher);
        Ok(format!(
            "org.deephealth.dhc_wallet.profiles_{:016x}",
            hasher.finish()
        ))
    }
}

/// The core and, where it is embedded, its network.
#[derive(Clone)]
pub struct Core {
    pub app: Arc<App>,
    devnet: Arc<Mutex<Option<Devnet>>>,
}

impl Core {
    /// Closes the profiles, then the network they stand on.
    pub async fn close(&self) {
        let profiles = self
            .app
            .state()
            .map(|state| state.profiles)
            .unwrap_or_default();
        for profile in profiles {
            self.app.close_profile(&profile.id).await;
        }
        if let Some(devnet) = self.devnet.lock().await.take() {
            devnet.shutdown().await;
        }
    }
}

fn data_folder() -> Result<PathBuf, Failure> {
    std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share")))
        .map(|data| data.join("dhc"))
        .ok_or_else(|| Failure::new(Code::Misuse, "neither XDG_DATA_HOME nor HOME is set"))
}

fn read_network(path: &Path) -> Result<NetworkFile, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(
            Code::Misuse,
            format!("network file {}: {error}", path.display()),
        )
    })?;
    NetworkFile::parse(&text)
        .map_err(|error| Failure::new(Code::Misuse, format!("{}: {error}", path.display())))
}

async fn start(config: Config) -> Result<Devnet, Failure> {
    Devnet::start(config).await.map_err(|error| {
        Failure::new(
            Code::NetworkUnreachable,
            format!("the embedded network did not start: {error}"),
        )
    })
}

pub async fn open(arguments: &Arguments) -> Result<Core, Failure> {
    let demo = arguments.demo.is_some();
    let profiles = profiles(arguments)?;
    let (network, devnet) = match (&arguments.demo, &arguments.network) {
        (Some(folder), _) => {
            let data = folder.join("devnet");
            // The network goes on with the day's length it was made with.
            let day_s = read_network(&data.join("network.json"))
                .map_err(|failure| failure.hint("dhc demo --keep DIR"))?
                .day_s;
            let devnet = start(Config {
                day_s,
                ..Config::new(data)
            })
            .await?;
            (devnet.network_file.clone(), Some(devnet))
        }
        (None, Some(file)) => (read_network(file)?, None),
        (None, None) => {
            let devnet = start(Config::new(data_folder()?.join("devnet"))).await?;
            (devnet.network_file.clone(), Some(devnet))
        }
    };
    std::fs::create_dir_all(&profiles)
        .map_err(|error| Failure::new(Code::HomeDamaged, error.to_string()))?;
    let app = App::new(compose::world(network, Some(profiles), demo, true));
    app.open_profiles().await?;
    tokio::spawn(app.clone().keep_watch());
    Ok(Core {
        app,
        devnet: Arc::new(Mutex::new(devnet)),
    })
}

/// The folder that holds the profiles, absolute.
fn profiles(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let folder = match (&arguments.demo, &arguments.profiles) {
        (Some(demo), _) => demo.join("homes"),
        (None, Some(folder)) => folder.clone(),
        (None, None) => data_folder()?.join("profiles"),
    };
    std::path::absolute(folder).map_err(|error| Failure::new(Code::HomeDamaged, error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn the_window_may_do_what_it_needs_and_nothing_else() {
        let capability: Value =
            serde_json::from_str(include_str!("../capabilities/main.json")).unwrap();
        assert_eq!(capability["windows"], json!(["main"]));
        assert_eq!(capability["remote"], Value::Null);
        assert_eq!(
            capability["permissions"],
            json!([
                "allow-call",
                "allow-choose",
                "allow-frame",
                "allow-thumbnail",
                "core:event:allow-listen",
                "core:event:allow-unlisten"
            ])
        );
        let build = include_str!("../build.rs");
        assert!(build.contains(r#"["call", "choose", "frame", "thumbnail"]"#));
    }

    #[test]
    fn the_policy_lets_nothing_in_from_elsewhere() {
        let config: Value = serde_json::from_str(include_str!("../tauri.conf.json")).unwrap();
        assert_eq!(config["app"]["withGlobalTauri"], false);
        let policy = config["app"]["security"]["csp"].as_str().unwrap();
        for rule in [
            "default-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|part| part == rule), "{rule}");
        }
        assert!(
            !policy.contains("unsafe-inline")
                && !policy.contains('*')
                && !policy.contains("https:")
        );
    }
}
