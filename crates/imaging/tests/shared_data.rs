//! Real images, where `DHC_TEST_DATA` points to them: the compliance set of DICOM's working
//! group 4 holds the same images in many transfer syntaxes (`wg04/<SYNTAX>/<IMAGE>_<SYNTAX>`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use dhc_imaging::{DicomFile, StoredFrame};

const LOSSLESS: [&str; 4] = ["JPLL", "JLSL", "J2KR", "RLE"];

fn compliance_images() -> Option<PathBuf> {
    let folder = std::env::var_os("DHC_TEST_DATA")
        .map(|data| Path::new(&data).join("dicom/wg04"))
        .filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("left out: DHC_TEST_DATA names no folder with dicom/wg04");
    }
    folder
}

fn first_frame(path: &Path) -> StoredFrame {
    let file = BufReader::new(File::open(path).expect("readable"));
    let frame = DicomFile::open(file).expect("DICOM").stored_frame(0);
    frame.unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn an_image_has_the_same_values_in_every_lossless_syntax() {
    let Some(folder) = compliance_images() else {
        return;
    };
    let mut by_image: BTreeMap<String, Vec<(&str, StoredFrame)>> = BTreeMap::new();
    for syntax in LOSSLESS {
        for entry in std::fs::read_dir(folder.join(syntax)).expect("a folder per syntax") {
            let path = entry.expect("entry").path();
            let name = path
                .file_name()
                .expect("name")
                .to_string_lossy()
                .into_owned();
            let image = name.split('_').next().expect("image").to_owned();
            by_image
                .entry(image)
                .or_default()
                .push((syntax, first_frame(&path)));
        }
    }
    assert!(by_image.len() >= 8);
    for (image, decoded) in by_image {
        let (reference_syntax, reference) = &decoded[0];
        for (syntax, frame) in &decoded[1..] {
            assert!(
                frame.data == reference.data,
                "{image}: {syntax} differs from {reference_syntax}"
            );
        }
    }
}

#[test]
fn twelve_bit_jpeg_is_near_the_lossless_values() {
    let Some(folder) = compliance_images() else {
        return;
    };
    for image in ["MR1", "MR2", "RG3", "XA1"] {
        let lossy = first_frame(&folder.join(format!("JPLY/{image}_JPLY")));
        let exact = first_frame(&folder.join(format!("J2KR/{image}_J2KR")));
        let range = exact.samples().fold(0.0, f64::max);
        let differences = lossy
            .samples()
            .zip(exact.samples())
            .map(|(a, b)| (a - b).abs());
        let (sum, largest) = differences.fold((0.0, 0.0), |(s, l), d| (s + d, f64::max(l, d)));
        let mean = sum / f64::from(exact.rows * exact.columns);
        assert!(mean < 0.02 * range, "{image}: {mean} of {range}");
        assert!(largest < 0.3 * range, "{image}: {largest} of {range}");
    }
}
