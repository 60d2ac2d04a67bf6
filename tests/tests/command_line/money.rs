//! Sending DHL.

use crate::{
    people::{Person, network, text},
    process::kill_when,
};

const DHL: u128 = 1_000_000_000_000_000_000;

fn send<'a>(to: &'a str, amount: &'a str) -> [&'a str; 5] {
    ["send", "--to", to, "--amount", amount]
}

#[test]
fn what_cannot_be_sent_is_refused_and_what_can_arrives_once() {
    let Some(network) = network() else { return };
    let (fay, gus) = (Person::new(&network), Person::new(&network));
    assert_eq!(fay.code(send(&gus.address, "1")), "insufficient_funds");
    fay.run(["devnet", "fund", &fay.address, "5"]);

    for amount in ["1.0000000000000000001", "0", "0.0", "one", "", "1e3", "1,5"] {
        assert_eq!(fay.code(send(&gus.address, amount)), "misuse", "{amount:?}");
    }
    let negative = ["send", "--to", &gus.address, "--amount=-1"];
    assert_eq!(fay.code(negative), "misuse");
    let wrong_checksum = flip_case(&gus.address);
    for to in [&wrong_checksum, "0x1234", "gus", ""] {
        assert_eq!(fay.code(send(to, "1")), "misuse", "{to:?}");
    }
    assert_eq!(fay.code(send(&gus.address, "5")), "insufficient_funds");
    assert_eq!(fay.code(send(&gus.address, "6")), "insufficient_funds");
    assert_eq!(network.nonce(&fay.address), 0);

    let sent = fay.run(send(&gus.address, "1.000000000000000001"));
    assert_eq!(sent["status"], "ok");
    assert_eq!(sent["standing"]["state"], "proven");
    let fee: u128 = text(&sent, "fee").parse().unwrap();
    assert!(fee > 0);
    assert_eq!(gus.balance(), DHL + 1);
    assert_eq!(fay.balance(), 5 * DHL - (DHL + 1) - fee);

    let seen = gus.run(["activity"]);
    let entry = &seen["entries"][0];
    assert_eq!(entry["tx"], sent["tx"], "{seen}");
    assert_eq!(entry["amount"], "1000000000000000001");
    assert_eq!(entry["standing"]["state"], "proven");

    assert_eq!(fay.code(["earnings", "claim"]), "nothing_to_claim");
}

/// An address with the case of one letter changed: its checksum (EIP-55) is wrong then.
fn flip_case(address: &str) -> String {
    let (prefix, digits) = address.split_at(2);
    let at = digits.find(|c: char| c.is_ascii_alphabetic()).unwrap();
    let letter = digits.as_bytes()[at] as char;
    let other = if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    };
    format!("{prefix}{}{other}{}", &digits[..at], &digits[at + 1..])
}

#[test]
fn a_payment_that_was_killed_is_paid_once() {
    let Some(network) = network() else { return };
    let (hal, ida) = (Person::new(&network), Person::new(&network));
    hal.run(["devnet", "fund", &hal.address, "9"]);
    let command = || hal.command(send(&ida.address, "2"));

    // Once when it first wrote anything, and then in the block but not yet proven.
    let before = hal.written();
    kill_when(command(), || hal.written() != before);
    kill_when(command(), || network.nonce(&hal.address) > 0);
    let sent = hal.run(send(&ida.address, "2"));
    assert_eq!(sent["status"], "ok");
    assert_eq!(ida.balance(), 2 * DHL);
    assert_eq!(network.nonce(&hal.address), 1);

    // Done is done: the same words again are a payment of their own.
    let again = hal.run(send(&ida.address, "2"));
    assert_ne!(again["tx"], sent["tx"]);
    assert_eq!(ida.balance(), 4 * DHL);
}
