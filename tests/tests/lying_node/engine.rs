//! The same lies before the real engine: IAVL proofs, CometBFT's own JSON.

use dhc_tests::real::in_turn;

use crate::{
    bodies, headers, hints,
    lie::{Ask, Told, tell_all},
    program, results, state, validators, witnesses,
    world::World,
};

/// Far enough for a walk back that skips.
const FAR: u64 = 34;

/// Those that one validator suffices for.
fn of_one_validator() -> Vec<Told> {
    headers::of_a_header()
        .into_iter()
        .chain(state::all())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liar_before_the_real_engine_is_not_believed() {
    let _turn = in_turn();
    let Some(world) = World::real(1, 4).await else {
        return;
    };
    let lies = of_one_validator();
    assert!(lies.len() >= 40, "{}", lies.len());
    tell_all(&world, lies).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: four validators"]
async fn no_lie_before_the_real_engine_is_believed() {
    let _turn = in_turn();
    let Some(world) = World::real(4, FAR).await else {
        return;
    };
    let lies = [
        bodies::all(),
        headers::all(),
        validators::all(),
        state::all(),
        results::all(),
        witnesses::all(),
        hints::all(),
    ];
    let lies: Vec<Told> = lies.into_iter().flatten().collect();
    let of_other_asks = lies.iter().filter(|told| told.ask != Ask::Balance).count();
    println!(
        "{} kinds, {of_other_asks} of them not of a balance",
        lies.len()
    );
    tell_all(&world, lies).await;
    if let Some(program) = program::program() {
        program::tell_the_program(&program, &world).await;
    }
}
