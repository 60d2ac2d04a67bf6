//! The network `dhc` on four validators of this machine, beside the engine as it comes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::limits::{Limits, file, float, milliseconds};
use super::report::Report;
use crate::command::{Service, ask, program};

/// Four nodes begin on a busy machine.
const START: Duration = Duration::from_secs(180);
const VALIDATORS: &str = "4";
const PROVEN_TRANSFERS: &str = "40";
/// Transfers of a burst: senders, and of each.
const SENDERS: u64 = 200;
const EACH: &str = "25";

/// As CometBFT 0.39 writes them into a new node's files (`config.DefaultConfig`,
/// `types.DefaultBlockParams`).
const STOCK_TIMES: [(&str, &str); 2] = [("timeout_propose", "3s"), ("timeout_commit", "1s")];
const STOCK_BLOCK_BYTES: &str = "22020096";
const STOCK_BLOCK_GAS: &str = "-1";

impl Limits<'_> {
    pub fn engine(&self, node: &Path, report: &mut Report) -> Result<()> {
        let ours = self.network("dhc", node)?;
        self.slots("`dhc`, four validators", &file(&ours)?, report)?;
        let ours_measured = self.measured(ours)?;
        let stock = self.stock(node)?;
        let stock_measured = self.measured(stock)?;
        report.table(
            "The real engine: four validators on this machine, in turns",
            &["", "`dhc`", "the engine as it comes"],
        );
        let spread = |value: &Value| {
            let at = |name: &str| milliseconds(float(&value[name]));
            format!("{}, {}, {}", at("p50"), at("p90"), at("p99"))
        };
        let row = |report: &mut Report, what: &str, text: &dyn Fn(&Measured) -> String| {
            report.cells(&[what, &text(&ours_measured), &text(&stock_measured)]);
        };
        row(
            report,
            "sent until proven by our light client: p50, p90, p99",
            &|m| spread(&m.finality["proven"]),
        );
        row(report, "between two blocks: p50, p90, p99", &|m| {
            spread(&m.finality["between_blocks"])
        });
        row(
            report,
            "transfers per second, from the first sent to the last in a block",
            &|m| format!("{:.0}", float(&m.load["per_s"])),
        );
        row(report, "handing over, and the fullest block", &|m| {
            let handing = milliseconds(float(&m.load["handed_over_s"]) * 1000.0);
            format!("{handing}, {} transfers", m.load["fullest_block"])
        });
        report.words(&format!(
            "Forty transfers one after the other, begun at different moments between two blocks, \
             each proven by the header after its block; then {} transfers of {SENDERS} senders at \
             once. The engine as it comes is the same program with CometBFT's own times (3 s to \
             propose, 1 s after a block) and block size (21 MB, no limit of gas), and a genesis \
             without our contracts. The nodes share this machine with each other and the client.",
            SENDERS * EACH.parse::<u64>().unwrap_or(0),
        ));
        Ok(())
    }

    fn measured(&self, network: Service) -> Result<Measured> {
        let named = file(&network)?;
        let finality = self.ask("limits", &["finality", &named, PROVEN_TRANSFERS])?;
        let load = self.ask("limits", &["load", &named, &SENDERS.to_string(), EACH])?;
        Ok(Measured { finality, load })
    }

    fn network(&self, name: &str, node: &Path) -> Result<Service> {
        Service::start(
            program(self.programs.join("dhc"), self.folder)
                .args([
                    "--json",
                    "network",
                    "start",
                    "--validators",
                    VALIDATORS,
                    "--node",
                ])
                .arg(node)
                .arg("--data")
                .arg(self.folder.join(name))
                .args(self.funded(SENDERS)?),
            START,
        )
    }

    /// Founds a network as ours, and writes its nodes anew without what is ours.
    fn stock(&self, node: &Path) -> Result<Service> {
        const NAME: &str = "stock";
        drop(self.network(NAME, node)?);
        let data = self.folder.join(NAME);
        let (plan_file, homes) = (data.join("plan.json"), data.join("nodes"));
        let mut plan = read(&plan_file)?;
        for account in plan["accounts"].as_array_mut().context("no accounts")? {
            account["code"] = json!("");
            account["storage"] = json!({});
        }
        fs::write(&plan_file, plan.to_string())?;
        fs::remove_dir_all(&homes)?;
        let written = ask(program(node, &data)
            .arg("genesis")
            .args([&plan_file, &homes]))?;
        fs::write(data.join("nodes.json"), &written)?;
        let nodes: Value = serde_json::from_str(&written)?;
        for home in nodes["nodes"].as_array().context("no nodes")? {
            let config = Path::new(home["home"].as_str().context("no home")?).join("config");
            as_it_comes(&config)?;
        }
        self.network(NAME, node)
    }
}

struct Measured {
    finality: Value,
    load: Value,
}

fn as_it_comes(config: &Path) -> Result<()> {
    let file = config.join("config.toml");
    let lines = fs::read_to_string(&file)?;
    let lines = lines.lines().map(|line| {
        let stock = STOCK_TIMES
            .iter()
            .find(|(name, _)| line.starts_with(&format!("{name} =")));
        stock.map_or_else(
            || line.to_owned(),
            |(name, time)| format!("{name} = \"{time}\""),
        )
    });
    fs::write(&file, lines.collect::<Vec<_>>().join("\n"))?;
    let file = config.join("genesis.json");
    let mut genesis = read(&file)?;
    let block = &mut genesis["consensus"]["params"]["block"];
    block["max_bytes"] = json!(STOCK_BLOCK_BYTES);
    block["max_gas"] = json!(STOCK_BLOCK_GAS);
    fs::write(&file, genesis.to_string())?;
    Ok(())
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(serde_json::from_slice(&text)?)
}
