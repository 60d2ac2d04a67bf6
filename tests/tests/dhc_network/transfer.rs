use dhc_tests::real::{Real, in_turn};

use crate::people::Person;

#[test]
fn a_transfer_on_the_real_engine_is_proven_by_the_light_client() {
    let _turn = in_turn();
    let Some(real) = Real::start(1, 86_400) else {
        return;
    };
    let sender = Person::new(real.network_file());
    let receiver = Person::new(real.network_file());
    assert_eq!(receiver.balance().0, "0");

    sender.run(&["devnet", "fund", &sender.address, "10"]);
    assert_eq!(sender.balance().0, "10000000000000000000");
    let sent = sender.run(&["send", "--to", &receiver.address, "--amount", "1.5"]);
    assert_eq!(sent["status"], "ok");
    assert_eq!(sent["standing"]["state"], "proven");

    let (amount, height) = receiver.balance();
    assert_eq!(amount, "1500000000000000000");
    assert!(height >= sent["height"].as_u64().unwrap());
}
