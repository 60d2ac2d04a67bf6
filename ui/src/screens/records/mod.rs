//! `/records` and `/records/:id`.

mod detail;
mod import;
mod list;

pub use detail::{opened, record_screen};
pub use list::records_screen;

use dhc_ipc::RecordView;

use crate::i18n::{tn, words};

/// A record's name in plain words, where its date stands beside.
pub fn title(record: &RecordView) -> String {
    named(record, "")
}

/// A record's name within a sentence.
pub fn full_title(record: &RecordView) -> String {
    named(record, &record.date)
}

fn named(record: &RecordView, date: &str) -> String {
    words::film_title(
        &record.description,
        record.body_part.as_deref(),
        &record.modalities,
        date,
    )
}

/// What kind, how many images, in how many series.
pub fn extent(record: &RecordView) -> String {
    let kinds = words::kinds(&record.modalities);
    let images = tn("film.images", u64::from(record.instances), &[]);
    let images = if kinds.is_empty() {
        images
    } else {
        format!("{kinds} · {images}")
    };
    match record.series {
        0 | 1 => images,
        n => format!("{images} · {}", tn("film.series", u64::from(n), &[])),
    }
}
