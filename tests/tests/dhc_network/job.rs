use dhc_tests::real::{Real, dhc, in_turn};

#[test]
#[ignore = "long: the whole main job on four validators"]
fn the_whole_main_job_is_played_on_the_real_engine() {
    let _turn = in_turn();
    let Some(real) = Real::start(4, 10) else {
        return;
    };
    let homes = tempfile::tempdir().unwrap();
    let ended = dhc()
        .arg("--network")
        .arg(real.network_file())
        .args(["demo", "--keep"])
        .arg(homes.path())
        .output()
        .expect("dhc runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let played: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(played["ok"], true);
    for step in played["steps"].as_array().unwrap() {
        println!("{} {} ms", step["name"], step["ms"]);
    }
}
