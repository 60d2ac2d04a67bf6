//! Contributing what an institution sealed.

use std::fs;

use crate::{
    films::small_study,
    people::{Person, network, text},
};

#[test]
fn a_record_is_contributed_once_and_only_under_a_certified_seal() {
    let Some(network) = network() else { return };
    let (hospital, vera) = (Person::settled(&network), Person::settled(&network));
    let folder = small_study(vera.path("study"), 3);
    let (folder, seal) = (folder.to_str().unwrap(), vera.path("seal.json"));
    let seal = seal.to_str().unwrap();
    let issue = ["issue", folder, "--to", &vera.address, "--out", seal];
    hospital.run(issue);

    // Nobody certified it yet: the contract refuses, and the record is not half there.
    let import = ["import", folder, "--issuer-seal", seal];
    assert_eq!(vera.code(import), "seal_refused");
    let certify = [
        "devnet",
        "certify",
        &hospital.address,
        "--name",
        "Lakeside Hospital",
    ];
    hospital.run(certify);
    // Somebody else's study stays somebody else's.
    let walt = Person::settled(&network);
    assert_eq!(walt.code(import), "seal_refused");

    let imported = vera.run(import);
    let study = &imported["studies"][0];
    assert_eq!(text(study, "issuer"), hospital.address, "{imported}");
    let id = text(study, "id");
    assert_eq!(
        vera.code(["contribute", &id, "--template", "treatment"]),
        "template_refused"
    );
    let done = vera.run(["contribute", &id]);
    assert_ne!(text(&done, "weight"), "0");
    assert_eq!(vera.code(["contribute", &id]), "already_contributed");
    // The day is not over.
    assert_eq!(vera.code(["earnings", "claim"]), "nothing_to_claim");
    let earnings = vera.run(["earnings"]);
    assert_eq!(earnings["days"][0]["state"], "open");
    assert_eq!(earnings["days"][0]["weight"], done["weight"]);

    // An altered study is not what was sealed.
    let altered = vera.path("study/0.dcm");
    let mut bytes = fs::read(&altered).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&altered, bytes).unwrap();
    assert_eq!(vera.code(import), "seal_refused");
}
