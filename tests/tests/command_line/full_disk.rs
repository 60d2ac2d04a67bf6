//! Homes on a volume without room. It is really full: a file system of its own, mounted where only
//! this test and what it starts can see it. Where a machine does not permit that, it is left out.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    films::{bundled, contents, files, slices, small_study},
    people::{Network, Person, text},
    process::program,
};

/// Tells the process that it may mount.
const INSIDE: &str = "DHC_TEST_MAY_MOUNT";
const MIB: u64 = 1 << 20;
const VOLUME_MIB: u64 = 64;

/// Commands that run another with mounts of its own.
const WAYS: [&str; 3] = [
    "--user --map-root-user --mount",
    "--mount",
    // In a changed root that is no mount itself.
    "--mount --propagation unchanged",
];

fn with_own_mounts(way: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(way.split(' '));
    command
}

/// Whether a volume can be mounted so, and is not seen from here.
fn mounts_unseen(way: &str) -> bool {
    const MOUNT: &str = r#"mount -t tmpfs -o size=64k tmpfs "$0" && touch "$0/seen""#;
    let folder = tempfile::tempdir().unwrap();
    let mut command = with_own_mounts(way);
    command.args(["sh", "-c", MOUNT]).arg(folder.path());
    let mounted = command.output().is_ok_and(|o| o.status.success());
    let seen = folder.path().join("seen").exists();
    if seen {
        let unmounted = Command::new("umount").arg(folder.path()).status();
        assert!(unmounted.unwrap().success(), "{}", folder.path().display());
    }
    mounted && !seen
}

#[test]
fn a_full_disk_is_said_and_nothing_is_left_half_done() {
    if program().is_none() {
        return;
    }
    let Some(way) = WAYS.into_iter().find(|way| mounts_unseen(way)) else {
        println!("left out: this machine lets nobody mount a volume to fill");
        return;
    };
    let inside = with_own_mounts(way)
        .arg(env::current_exe().unwrap())
        .args(["--exact", "full_disk::inside", "--nocapture"])
        .env(INSIDE, "")
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = inside.expect("the program that gives mounts of its own runs");
    let said = [stdout, stderr].map(|s| String::from_utf8_lossy(&s).into_owned());
    assert!(status.success(), "{}", said.concat());
}

/// Not a test of its own: what [`a_full_disk_is_said_and_nothing_is_left_half_done`] runs where it
/// may mount.
#[test]
fn inside() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    let network = Network::start();
    let volume = Volume::mount();
    a_vault_is_made_whole_or_not_at_all(&network, &volume);
    an_import_leaves_nothing(&network, &volume);
    a_fetch_goes_on_with_its_opening(&network, &volume);
}

/// A small file system.
struct Volume {
    folder: TempDir,
}

impl Volume {
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={VOLUME_MIB}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]);
        assert!(mount.arg(folder.path()).status().unwrap().success());
        Self { folder }
    }

    fn person(&self, network: &Network) -> Person {
        Person::living_in(tempfile::tempdir_in(self.folder.path()).unwrap(), network)
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Fills the volume but for so many bytes.
    fn fill(&self, left: u64) {
        let mut file = File::create(self.filler()).unwrap();
        let mut piece = vec![0; 64 << 10];
        while !piece.is_empty() {
            match file.write(&piece) {
                Ok(_) => {}
                // To the last page.
                Err(e) if e.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
                Err(e) => panic!("{e}"),
            }
        }
        let length = file.metadata().unwrap().len();
        file.set_len(length.checked_sub(left).expect("so much room"))
            .unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // The mounts end with the process that has them to itself; this is for an early end.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
    }
}

/// Bytes left free, from nothing to just too little for `needed`.
fn too_little(needed: u64) -> impl Iterator<Item = u64> {
    let little = [0, 8, 16, 40, 80, 160, 320, 1024].map(|kib| kib << 10);
    let half_done = [needed / 2, needed * 4 / 5];
    little.into_iter().chain(half_done)
}

fn a_vault_is_made_whole_or_not_at_all(network: &Network, volume: &Volume) {
    // A home begins with less than this.
    for left in too_little(400 << 10).filter(|left| *left < 400 << 10) {
        let person = volume.person(network);
        volume.fill(left);
        assert_eq!(person.code(["vault", "create"]), "disk_full", "{left} left");
        assert!(!person.home().join("vault").exists(), "{left} left");
        volume.make_room();
        let person = person.with_vault();
        assert_eq!(person.run(["vault", "verify"])["ok"], true, "{left} left");
    }
}

fn an_import_leaves_nothing(network: &Network, volume: &Volume) {
    let person = volume.person(network).with_vault().settles();
    let study = bundled();
    let import = [OsStr::new("import"), study.as_os_str()];
    let nonce = network.nonce(&person.address);
    let length = contents_length(&slices(141));
    for left in too_little(length) {
        volume.fill(left);
        assert_eq!(person.code(import), "disk_full", "{left} left");
        let blocks = files(&person.home().join("blocks"));
        assert_eq!(blocks, Vec::<PathBuf>::new(), "{left} left");
        volume.make_room();
        assert_eq!(person.run(["records"])["records"], json!([]), "{left} left");
    }
    assert_eq!(network.nonce(&person.address), nonce);

    let imported = person.import(&study);
    assert_eq!(imported["studies"][0]["instances"], 141, "{imported}");
    assert_eq!(network.nonce(&person.address), nonce + 1);
}

fn contents_length(contents: &[Vec<u8>]) -> u64 {
    contents.iter().map(|bytes| bytes.len() as u64).sum()
}

fn a_fetch_goes_on_with_its_opening(network: &Network, volume: &Volume) {
    let owner = Person::settled(network);
    let study = small_study(owner.path("study"), 60);
    let length = contents_length(&contents(&study));
    let id = owner.import_one(&study);
    let doctor = volume.person(network).with_vault().settles();
    let grant = owner.grant(&id, &doctor, &[]);
    let out = doctor.path("films");
    let fetch = ["fetch", &grant, "--out", out.to_str().unwrap()];

    // From the second time on its opening is entered, and the content is what finds no room; at
    // last the content, but not the files beside it.
    let app = owner.app();
    for left in [0, 2 * MIB, length / 2, length + 2 * MIB] {
        volume.fill(left);
        assert_eq!(doctor.code(fetch), "disk_full", "{left} left");
        volume.make_room();
        assert!(are_whole(&out), "{left} left");
    }
    doctor.run(fetch);
    drop(app);
    assert_eq!(contents(&out), contents(&study));
    assert_eq!(
        text(&doctor.run(["consent", "list"])["grants"][0], "state"),
        "active"
    );
    assert_eq!(owner.openings(&[]).len(), 1);
}

/// Whether each file below a folder is an original.
fn are_whole(folder: &Path) -> bool {
    let originals = slices(60);
    contents(folder).iter().all(|file| originals.contains(file))
}
