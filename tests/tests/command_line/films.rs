//! The bundled study, whole and in parts, and what is none.

use std::{
    fs::{self, File},
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use walkdir::WalkDir;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The study that is bundled with the product: one series.
pub fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/demo/study.zip")
}

/// The first `count` of its files.
pub fn slices(count: usize) -> Vec<Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(bundled()).unwrap()).unwrap();
    let read = |i| {
        let mut bytes = Vec::new();
        let mut entry = archive.by_index(i).unwrap();
        entry.read_to_end(&mut bytes).unwrap();
        bytes
    };
    (0..count).map(read).collect()
}

/// A folder with the first `count` files.
pub fn small_study(folder: PathBuf, count: usize) -> PathBuf {
    fs::create_dir_all(&folder).unwrap();
    for (i, bytes) in slices(count).iter().enumerate() {
        fs::write(folder.join(format!("{i}.dcm")), bytes).unwrap();
    }
    folder
}

/// A picture, but no film: one white point in PNG.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDATx\x9cc\xf8\x0f\0\x01\x01\x01\0\x1b\xb6\xee\x56\0\0\0\0IEND\xaeB`\x82";

pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn archive_with_link(film: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.start_file("film.dcm", options).unwrap();
    writer.write_all(film).unwrap();
    writer
        .add_symlink("link.dcm", "/etc/passwd", options)
        .unwrap();
    writer.finish().unwrap().into_inner()
}

/// The contents of all files below a folder, sorted.
pub fn contents(folder: &Path) -> Vec<Vec<u8>> {
    let mut contents: Vec<_> = files(folder).iter().map(|f| fs::read(f).unwrap()).collect();
    contents.sort();
    contents
}

/// All files below a folder, if it is there; one that vanishes meanwhile is none.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}
