//! Networks that are down, gone, or described wrongly.

use std::{fs, net::TcpListener};

use serde_json::{Value, json};

use crate::{
    people::{Network, Person, network},
    process::{program, refusal},
};

#[test]
fn a_network_that_goes_away_and_comes_back_goes_on() {
    if program().is_none() {
        return;
    }
    let network = Network::start();
    let dora = Person::new(&network);
    let funded = dora.run(["devnet", "fund", &dora.address, "3"]);
    assert!(funded["height"].as_u64().is_some_and(|h| h > 0));
    let held = dora.balance();
    assert_eq!(held, 3_000_000_000_000_000_000);

    network.kill();
    let refused = dora.refused(["balance"]);
    assert_eq!(refused.code, "network_unreachable");
    let refused = dora.refused(["send", "--to", &dora.address, "--amount", "1"]);
    assert_eq!(refused.code, "network_unreachable");
    // Its state is an answer, not a failure.
    let status = dora.run(["node", "status"]);
    assert_eq!(status["synced"], false, "{status}");

    // Killed, it lost nothing that it had said.
    network.go_on();
    let dora = dora.on(&network.file());
    assert_eq!(dora.balance(), held);
}

#[test]
fn a_network_that_is_not_there_is_told_from_a_file_that_is_wrong() {
    let Some(network) = network() else { return };
    let mut emil = Person::new(&network);
    let sound: Value = serde_json::from_slice(&fs::read(network.file()).unwrap()).unwrap();
    let file = emil.path("network.json");
    let with = |name: &str, value: Value| {
        let mut changed = sound.clone();
        changed[name] = value;
        fs::write(&file, changed.to_string()).unwrap();
    };

    emil = emil.on("devnet".as_ref());
    let mut command = emil.command(["balance"]);
    command.env("XDG_DATA_HOME", emil.path("nothing"));
    let refused = refusal(command);
    assert_eq!(refused.code, "network_unreachable");
    assert_eq!(refused.hint, "dhc devnet start");

    // Ports that were free a moment ago.
    let dead: Vec<String> = (0..3)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .map(|l| format!("http://{}", l.local_addr().unwrap()))
        .collect();
    let mut down = sound.clone();
    down["rpc"] = json!([dead[0]]);
    down["evm"] = json!([dead[1]]);
    down["witnesses"] = json!([dead[2]]);
    emil = emil.on(&file);
    fs::write(&file, down.to_string()).unwrap();
    for command in [&["balance"][..], &["records"], &["identity", "publish"]] {
        if command == ["records"] {
            // What is at home is shown without a network.
            assert_eq!(emil.run(command)["records"], json!([]));
        } else {
            assert_eq!(emil.code(command), "network_unreachable", "{command:?}");
        }
    }

    with("chainid", json!("typo"));
    let refused = emil.refused(["balance"]);
    assert_eq!(refused.code, "misuse");
    assert!(refused.message.contains("chainid"), "{refused:?}");
    fs::write(&file, "{").unwrap();
    assert_eq!(emil.code(["balance"]), "misuse");
    fs::remove_file(&file).unwrap();
    assert_eq!(emil.code(["balance"]), "misuse");
}
