use std::{
    thread,
    time::{Duration, Instant},
};

use dhc_tests::real::{Real, in_turn, until};

use crate::people::Person;

/// Within this the network goes on without one of its validators.
const GOES_ON: Duration = Duration::from_secs(5);

fn four() -> Option<Real> {
    Real::start(4, 86_400)
}

/// Waits until a node has a later block than `height`.
fn grows(real: &Real, index: usize, height: u64) -> u64 {
    until("a later block", || {
        real.height(index).filter(|now| *now > height)
    })
}

#[test]
#[ignore = "long: four validators"]
fn without_one_of_four_validators_the_network_goes_on_and_the_lost_one_catches_up() {
    let _turn = in_turn();
    let Some(mut real) = four() else { return };
    let person = Person::new(real.network_file());
    real.kill(2);
    let mut after = real.height(0).expect("it answers");
    let mut longest = Duration::ZERO;
    // Long enough for the lost one's turn to propose.
    for _ in 0..6 {
        let begun = Instant::now();
        after = grows(&real, 0, after);
        longest = longest.max(begun.elapsed());
    }
    println!("at most {} ms without a block", longest.as_millis());
    assert!(longest < GOES_ON, "{longest:?}");

    person.run(&["devnet", "fund", &person.address, "2"]);
    assert_eq!(person.balance().0, "2000000000000000000");

    real.revive(2);
    let begun = Instant::now();
    let caught = until("the lost one", || {
        let (lost, others) = (real.height(2)?, real.height(0)?);
        (lost > after && lost + 1 >= others).then_some(others)
    });
    println!(
        "at height {caught} after {} ms",
        begun.elapsed().as_millis()
    );
}

#[test]
#[ignore = "long: four validators"]
fn without_two_of_four_validators_the_network_halts_and_loses_nothing() {
    let _turn = in_turn();
    let Some(mut real) = four() else { return };
    let person = Person::new(real.network_file());
    person.run(&["devnet", "fund", &person.address, "3"]);
    let (had, _) = person.balance();
    real.kill(2);
    real.kill(3);

    // A block that was agreed on already may still come.
    let mut last = real.height(0).unwrap();
    let halted = until("the halt", || {
        let now = real.height(0)?;
        let (still, then) = (now == last, last);
        last = now;
        still.then_some(then)
    });
    until("the app's notice of the halt", || {
        let status = person.ask(&["node", "status"]).ok()?;
        (status["synced"] == false).then_some(())
    });
    // What was known is still shown, with the height at which it was proven.
    assert_eq!(person.balance().0, had);

    let other = Person::new(real.network_file());
    let sent = thread::scope(|scope| {
        let sending =
            scope.spawn(|| person.run(&["send", "--to", &other.address, "--amount", "1"]));
        real.revive(2);
        let begun = Instant::now();
        grows(&real, 0, halted);
        println!("goes on after {} ms", begun.elapsed().as_millis());
        sending.join().expect("it is sent")
    });
    assert_eq!(sent["status"], "ok");
    assert_eq!(other.balance().0, "1000000000000000000");
}

#[test]
#[ignore = "long: four validators"]
fn a_network_that_was_ended_goes_on_from_its_data() {
    let _turn = in_turn();
    let Some(mut real) = four() else { return };
    let person = Person::new(real.network_file());
    person.run(&["devnet", "fund", &person.address, "4"]);
    let (had, height) = person.balance();
    real.restart();
    grows(&real, 0, height);
    assert_eq!(person.balance().0, had);
}
