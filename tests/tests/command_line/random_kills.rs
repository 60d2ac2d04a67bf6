//! Imports and fetches killed at random moments: nothing that was reported done is lost, nothing
//! half done is shown as done, and the same command again does it once.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::OpenFileOptions;

use crate::{
    films::{contents, files, small_study},
    people::{Network, Person, network, text},
};

const KILLS: u32 = 10;
const MANY: u32 = 200;

/// Kills a command (SIGKILL) when so much time has passed, unless it has ended before. Whether it
/// had.
fn kill_after(mut command: Command, moment: Duration) -> bool {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("dhc runs");
    let begun = Instant::now();
    while begun.elapsed() < moment {
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "{command:?}");
            return true;
        }
        // Leaves the processor to it.
        thread::park_timeout(Duration::from_millis(2));
    }
    child.kill().expect("a child");
    child.wait().expect("a child").success()
}

/// Moments that are the same in every run, so that a fault is met again.
struct Moments(u64);

impl Moments {
    /// A moment of a work that usually takes so long.
    fn within(&mut self, usual: Duration) -> Duration {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usual.mul_f64((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed())
}

/// Two films of a study that nobody has imported before.
fn new_study(person: &Person, number: u32) -> PathBuf {
    let folder = small_study(person.path(&format!("study-{number}")), 2);
    for film in files(&folder) {
        let mut object = OpenFileOptions::new().open_file(&film).unwrap();
        let uid = format!("2.25.{}", 7_000_000 + number);
        object.put(DataElement::new(
            tags::STUDY_INSTANCE_UID,
            VR::UI,
            PrimitiveValue::from(uid),
        ));
        object.write_to_file(&film).unwrap();
    }
    folder
}

fn imports(network: &Network, kills: u32) {
    let nora = Person::settled(network);
    let first = new_study(&nora, 0);
    let (_, usual) = timed(|| nora.import_one(&first));
    let mut moments = Moments(1);
    for number in 1..=kills {
        let study = new_study(&nora, number);
        let nonce = network.nonce(&nora.address);
        let command = nora.command(["import", study.to_str().unwrap()]);
        let ended = kill_after(command, moments.within(usual));

        let listed = nora.run(["records"]);
        let listed = listed["records"].as_array().unwrap().clone();
        assert!(
            listed.len() >= number as usize,
            "{number}: a record is lost"
        );
        let proven = listed.iter().filter(|r| r["standing"]["state"] == "proven");
        let (proven, all) = (proven.count() as u64, listed.len() as u64);
        // What is shown as proven had its transaction.
        let sent = network.nonce(&nora.address) - nonce;
        assert!(proven <= u64::from(number) + sent, "{number}: {listed:?}");
        assert!(
            !ended || all == u64::from(number) + 1,
            "{number}: {listed:?}"
        );

        nora.import(&study);
        let listed = nora.run(["records"]);
        let listed = listed["records"].as_array().unwrap();
        assert_eq!(listed.len(), number as usize + 1, "{number}: {listed:?}");
        assert!(listed.iter().all(|r| r["standing"]["state"] == "proven"));
        assert_eq!(network.nonce(&nora.address), nonce + 1, "{number}");
        fs::remove_dir_all(study).unwrap();
    }
    let scrubbed = nora.run(["storage", "verify"]);
    assert_eq!(scrubbed["whole"], true, "{scrubbed}");
}

fn fetches(network: &Network, kills: u32) {
    let (owen, pia) = (Person::settled(network), Person::settled(network));
    let mut moments = Moments(2);
    let mut usual = None;
    for number in 0..=kills {
        // Of a study that was never fetched: its blocks are not there yet.
        let study = new_study(&owen, number);
        let given = owen.grant(&owen.import_one(&study), &pia, &[]);
        let originals = contents(&study);
        let app = owen.app();
        let out = pia.path(&format!("films-{number}"));
        let fetch = ["fetch", &given, "--out", out.to_str().unwrap()];
        if let Some(usual) = usual {
            kill_after(pia.command(fetch), moments.within(usual));
            for film in files(&out) {
                let whole = film.extension().is_some_and(|e| e == "dcm");
                let original = || originals.contains(&fs::read(&film).unwrap());
                assert!(!whole || original(), "{}", film.display());
            }
        }
        let (fetched, took) = timed(|| pia.run(fetch));
        drop(app);
        usual.get_or_insert(took);
        assert_eq!(fetched["instances"], 2);
        assert!(contents(&out) == originals, "{number}");
        let entries = owen.openings(&[]);
        let entries = entries.iter().filter(|e| text(e, "grant") == given).count();
        // One that was killed when all was done is opened a second time.
        assert!((1..=2).contains(&entries), "{number}: {entries} entries");
        fs::remove_dir_all(out).unwrap();
    }
}

#[test]
fn imports_that_were_killed_at_random_are_done_once_or_not_at_all() {
    let Some(network) = network() else { return };
    imports(&network, KILLS);
}

#[test]
fn fetches_that_were_killed_at_random_bring_whole_films_or_none() {
    let Some(network) = network() else { return };
    fetches(&network, KILLS);
}

#[test]
#[ignore = "takes half an hour: --long"]
fn two_hundred_imports_that_were_killed_are_done_once_or_not_at_all() {
    let Some(network) = network() else { return };
    imports(&network, MANY);
}

#[test]
#[ignore = "takes half an hour: --long"]
fn two_hundred_fetches_that_were_killed_bring_whole_films_or_none() {
    let Some(network) = network() else { return };
    fetches(&network, MANY);
}
