//! The main job, step by step.

mod arrival;
mod earning;
mod sharing;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use dhc_ipc::{Code, Failure};
use serde_json::Value;

use super::{
    Finding, Play,
    homes::{DAY_S, Kept},
    process::{Person, Service},
    study,
};

const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The three people and what they came to know of each other.
struct Cast {
    hospital: Person,
    patient: Person,
    doctor: Person,
    addresses: BTreeMap<&'static str, String>,
}

impl Cast {
    fn address(&self, person: &Person) -> &str {
        self.addresses.get(person.name).map_or("", String::as_str)
    }
}

fn found(ok: bool, evidence: Value) -> Result<Finding, Failure> {
    Ok(Finding { ok, evidence })
}

fn field(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn is_proven(value: &Value) -> bool {
    value["standing"]["state"] == "proven"
        && value["standing"]["height"].as_u64().is_some_and(|h| h > 0)
}

fn missing(what: &str) -> Failure {
    Failure::new(Code::Internal, format!("{what} is missing"))
}

/// Plays every step. A step that is not `ok` ends the play. Without a network to play on, an
/// embedded one is started for it.
pub async fn all(
    play: &mut Play<'_>,
    kept: &Kept,
    given: Option<&Path>,
    network: Option<&Path>,
) -> Result<(), Failure> {
    let (devnet, network) = match network {
        Some(file) => (None, file.to_owned()),
        None => {
            let devnet = Service::devnet(kept, DAY_S).await?;
            let file = PathBuf::from(field(&devnet.ready, "network_file"));
            (Some(devnet), file)
        }
    };
    let person = |name, called| Person::new(kept, name, called, &network);
    let mut cast = Cast {
        hospital: person("hospital", "Lakeside Hospital"),
        patient: person("patient", "Li Mei"),
        doctor: person("doctor", "Dr Chen Hao"),
        addresses: BTreeMap::new(),
    };
    let study = match given {
        Some(path) => path.to_owned(),
        None => study::bundled(&kept.out())?,
    };
    let ended = main_job(play, kept, &mut cast, &study).await;
    if let Some(devnet) = devnet {
        devnet.stop().await?;
    }
    ended
}

async fn main_job(
    play: &mut Play<'_>,
    kept: &Kept,
    cast: &mut Cast,
    study: &Path,
) -> Result<(), Failure> {
    macro_rules! step {
        ($name:literal, $work:expr) => {
            if !play.step($name, $work).await? {
                return Ok(());
            }
        };
    }
    let fetched = kept.out().join("fetched");
    let mut record = Value::Null;
    let mut grant = String::new();
    let mut seen = Value::Null;

    step!("network", arrival::network(&cast.patient));
    step!("vaults", arrival::vaults(cast));
    step!("import", async {
        let (finding, imported) = arrival::import(kept, cast, study).await?;
        record = imported;
        Ok(finding)
    });
    let id = field(&record, "id");
    step!("index_proven", arrival::index_proven(cast, &record));
    step!("grant", async {
        let (finding, given) = sharing::give(cast, &id).await?;
        grant = given;
        Ok(finding)
    });
    step!("release_and_fetch", async {
        let (finding, answer) = sharing::release_and_fetch(cast, &grant, study, &fetched).await?;
        seen = answer;
        Ok(finding)
    });
    step!(
        "render",
        sharing::render(cast, &fetched, &kept.out().join("film.png"))
    );
    step!("audited", sharing::audited(cast, &grant, &seen));
    step!("revoke", sharing::revoke(cast, &grant));
    step!(
        "refused_after_revoke",
        sharing::refused(cast, &grant, &kept.out().join("refused"))
    );
    step!("contribute", earning::contribute(cast, &id));
    step!("settle_and_claim", earning::settle_and_claim(cast));
    step!("send", earning::send(cast));
    Ok(())
}
