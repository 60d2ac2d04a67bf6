//! What of a study shows outside of the app that holds it: in blocks, on the chain, in logs, in
//! names of files, in databases. Nothing may.

use std::{
    collections::HashSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};

use dicom_core::{DataElement, PrimitiveValue, Tag, VR, value::Value as Dicom};
use dicom_dictionary_std::tags;
use dicom_object::OpenFileOptions;
use walkdir::WalkDir;

use crate::{
    films::{contents, small_study},
    people::{Network, Person},
    process::{Service, program},
};

const WINDOW: usize = 16;
/// Windows of fewer different bytes than this stand everywhere: runs of zeros, black pixels.
const DIFFERENT: usize = 8;

/// What identifies a person, as a hospital writes it into each file.
const IDENTIFYING: [(Tag, VR, &str); 8] = [
    (tags::PATIENT_NAME, VR::PN, "Lindqvist^Aurelia"),
    (tags::PATIENT_ID, VR::LO, "PID-7731-ZX"),
    (tags::PATIENT_BIRTH_DATE, VR::DA, "19610214"),
    (tags::ACCESSION_NUMBER, VR::SH, "ACC-550198"),
    (tags::INSTITUTION_NAME, VR::LO, "Sankt Gertrud Klinik"),
    (tags::REFERRING_PHYSICIAN_NAME, VR::PN, "Obermeier^Tilda"),
    (tags::STUDY_DESCRIPTION, VR::LO, "Thorax nach Sturz"),
    (tags::STUDY_ID, VR::SH, "ST-90417"),
];

/// A study with a person's name and numbers in every file.
fn identified(folder: PathBuf) -> PathBuf {
    small_study(folder.clone(), 3);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let mut film = OpenFileOptions::new().open_file(&path).unwrap();
        for (tag, vr, text) in IDENTIFYING {
            let value = Dicom::from(PrimitiveValue::from(text));
            film.put(DataElement::new(tag, vr, value));
        }
        film.write_to_file(&path).unwrap();
    }
    folder
}

/// What must show nowhere.
struct Secrets {
    /// In lower case.
    words: Vec<Vec<u8>>,
    windows: HashSet<[u8; WINDOW]>,
    /// The first two bytes of words and of windows: most places are left after one look.
    starts: Vec<bool>,
    beginnings: Vec<bool>,
}

impl Secrets {
    fn of(files: &[Vec<u8>]) -> Self {
        let mut secrets = Self {
            words: Vec::new(),
            windows: HashSet::new(),
            starts: vec![false; 1 << 16],
            beginnings: vec![false; 1 << 16],
        };
        for (_, _, text) in IDENTIFYING {
            // Eight digits of a date stand in many a number; a name's parts stand alone, too.
            for part in text.split('^').filter(|part| !part.starts_with("19")) {
                let word = part.to_ascii_lowercase().into_bytes();
                secrets.starts[beginning(&word)] = true;
                secrets.words.push(word);
            }
        }
        for window in files.iter().flat_map(|file| file.windows(WINDOW)) {
            let different = window.iter().collect::<HashSet<_>>().len();
            if different >= DIFFERENT {
                secrets.windows.insert(window.try_into().unwrap());
                secrets.beginnings[beginning(window)] = true;
            }
        }
        secrets
    }

    /// The first of them that shows in the bytes.
    fn in_bytes(&self, bytes: &[u8]) -> Option<String> {
        let lower = bytes.to_ascii_lowercase();
        for (at, pair) in lower.windows(2).enumerate() {
            if self.starts[beginning(pair)]
                && let Some(word) = self.words.iter().find(|w| lower[at..].starts_with(w))
            {
                return Some(String::from_utf8_lossy(word).into_owned());
            }
        }
        bytes
            .windows(WINDOW)
            .filter(|w| self.beginnings[beginning(w)])
            .find(|w| self.windows.contains(*w))
            .map(|w| format!("{w:02x?} {:?}", String::from_utf8_lossy(w)))
    }

    /// Where they show in the files below a folder, or in their names.
    fn below(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in WalkDir::new(folder) {
            let entry = entry.unwrap();
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy();
            let mut tell = |what: Option<String>| {
                found.extend(what.map(|what| format!("{}: {what}", path.display())));
            };
            tell(self.in_bytes(name.as_bytes()));
            if entry.file_type().is_file() {
                tell(self.in_bytes(&fs::read(path).unwrap()));
            }
        }
        found
    }
}

fn beginning(window: &[u8]) -> usize {
    usize::from(window[0]) << 8 | usize::from(window[1])
}

fn holds(folder: &Path, wanted: &[u8]) -> bool {
    WalkDir::new(folder).into_iter().any(|entry| {
        let entry = entry.unwrap();
        entry.file_type().is_file()
            && fs::read(entry.path())
                .unwrap()
                .windows(wanted.len())
                .any(|w| w == wanted)
    })
}

/// Everything that a command logs at its most talkative, kept beside the person's home.
fn logged(person: &Person, name: &str, args: &[&str]) -> serde_json::Value {
    let mut command = person.command(args);
    let log = File::create(person.path(name)).unwrap();
    let output = command
        .env("DHC_LOG", "trace")
        .stderr(Stdio::from(log))
        .output()
        .unwrap();
    assert!(output.status.success(), "{command:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn nothing_of_a_study_shows_in_blocks_on_chain_in_logs_names_or_databases() {
    if program().is_none() {
        return;
    }
    let network = Network::start();
    let (vera, wim) = (Person::settled(&network), Person::settled(&network));
    let folder = identified(vera.path("study"));
    let secrets = Secrets::of(&contents(&folder));
    assert!(secrets.windows.len() > 100_000);

    let answer = logged(&vera, "import.log", &["import", folder.to_str().unwrap()]);
    let study = &answer["studies"][0];
    let id = study["id"].as_str().unwrap();
    let commitment = study["commitment"].as_str().unwrap();
    let given = vera.grant(id, &wim, &[]);
    let sealed = vera.grant(id, &wim, &["--mode", "sealed"]);
    let out = wim.path("films");
    {
        let mut app = vera.command(["app"]);
        app.env("DHC_LOG", "trace");
        let log = File::create(vera.path("app.log")).unwrap();
        let _app = Service::start_logging(app, Stdio::from(log));
        let fetch = ["fetch", &given, "--out", out.to_str().unwrap()];
        logged(&wim, "fetch.log", &fetch);
    }
    logged(&wim, "sealed.log", &["fetch", &sealed]);
    logged(&wim, "list.log", &["consent", "list", "--received"]);
    logged(&vera, "records.log", &["records"]);
    logged(&vera, "revoke.log", &["consent", "revoke", &given]);

    // What was exported is found, and so is what the chain does hold: neither search is blind.
    let exported = secrets.below(&out);
    assert!(exported.len() >= contents(&folder).len(), "{exported:?}");
    let commitment = alloy::hex::decode(commitment.trim_start_matches("0x")).unwrap();
    assert!(holds(&network.data(), &commitment));
    assert!(holds(&vera.path("app.log"), b"TRACE"));

    let mut found = secrets.below(&network.data());
    found.extend(secrets.below(&vera.home()));
    found.extend(secrets.below(&wim.home()));
    for (person, name) in [
        (&vera, "import.log"),
        (&vera, "app.log"),
        (&vera, "records.log"),
        (&vera, "revoke.log"),
        (&wim, "fetch.log"),
        (&wim, "sealed.log"),
        (&wim, "list.log"),
    ] {
        let log = fs::read(person.path(name)).unwrap();
        found.extend(secrets.in_bytes(&log).map(|what| format!("{name}: {what}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}
