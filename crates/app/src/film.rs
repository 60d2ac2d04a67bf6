//! Films, open for viewing: frames by number, decrypted and decoded as they are asked for.

mod view;

use std::{
    io::Cursor,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use dhc_domain::Action;
use dhc_imaging::{DicomFile, RenderParams, Rendered, Study};
use dhc_ipc::{Code, Failure, FilmView, Indexed};

use self::view::{encode, view};
use crate::{
    failure::misuse,
    grants::grant_id,
    job::Job,
    keys,
    ledger::proven_at,
    objects::{Object, corrupt, parse_cid},
    opening, pins,
    profile::{Profile, Session},
    records,
};

/// A study open for viewing.
pub struct Film {
    object: Object,
    /// The manifest's entry of each frame, and the frame's number in it: by series, in viewing
    /// order.
    frames: Vec<Vec<(usize, u32)>>,
    /// The entry read last: the frames of one instance follow each other.
    last: Mutex<Option<(usize, Bytes)>>,
}

impl Film {
    fn new(object: Object, study: &Study) -> Self {
        let mut entry = 0;
        let frames = study
            .series
            .iter()
            .map(|series| {
                let mut frames = Vec::new();
                for instance in &series.instances {
                    let count = instance.image.as_ref().map_or(0, |i| i.frames);
                    frames.extend((0..count).map(|f| (entry, f)));
                    entry += 1;
                }
                frames
            })
            .collect();
        Self {
            object,
            frames,
            last: Mutex::default(),
        }
    }

    async fn entry(&self, index: usize) -> Result<Bytes, Failure> {
        let kept = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((_, bytes)) = kept.filter(|(i, _)| *i == index) {
            return Ok(bytes);
        }
        let entry = self
            .object
            .manifest
            .entries
            .get(index)
            .ok_or_else(|| corrupt("an instance is missing"))?;
        let bytes = Bytes::from(self.object.entry(entry).await?);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((index, bytes.clone()));
        Ok(bytes)
    }

    fn place(&self, series: u32, frame: u32) -> Result<(usize, u32), Failure> {
        self.frames
            .get(series as usize)
            .and_then(|s| s.get(frame as usize))
            .copied()
            .ok_or_else(|| misuse("the film has no such frame"))
    }
}

/// Opens a record of mine, or a grant to me.
pub async fn open(profile: &Profile, id: &str, job: &Job) -> Result<FilmView, Failure> {
    let session = profile.session()?;
    let (film, view) = match records::find(&session, id) {
        Ok(record) => {
            let key = keys::of_record(profile, &session, &record)?;
            let object = Object::open(
                profile.home.blocks.clone(),
                pins::peers(&session)?,
                parse_cid(&record.cid)?,
                &key,
            )
            .await?;
            let standing = records::views(profile, &session, std::slice::from_ref(&record))
                .await?
                .remove(0)
                .standing;
            let view = view(id, &record.study, &record.title(), standing);
            (Film::new(object, &record.study), view)
        }
        Err(e) if e.code == Code::RecordUnknown || id.contains(':') => {
            // Of a grant for several studies, one is named after a colon.
            let (grant, study) = match id.split_once(':') {
                Some((grant, study)) => (grant_id(grant)?, Some(study)),
                None => (grant_id(id)?, None),
            };
            let opened = opening::open(profile, &session, grant, study, Action::View, job).await?;
            let study: Study = serde_json::from_value(opened.object.manifest.meta.clone())
                .map_err(|_| corrupt("the manifest describes no study"))?;
            let mut view = view(
                id,
                &study,
                &opened.note.title,
                proven_at(opened.access.height),
            );
            view.accessed = Some(Indexed {
                tx: opened.access.tx.to_string(),
                height: opened.access.height.0,
            });
            view.not_after = Some(opened.known.on_chain.not_after.to_string());
            opening::finish(&session, &opened)?;
            (Film::new(opened.object, &study), view)
        }
        Err(e) => return Err(e),
    };
    session
        .films
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id.to_owned(), Arc::new(film));
    Ok(view)
}

fn film(session: &Session, id: &str) -> Result<Arc<Film>, Failure> {
    let films = session.films.lock().unwrap_or_else(PoisonError::into_inner);
    films
        .get(id)
        .cloned()
        .ok_or_else(|| misuse("this film is not open"))
}

/// A frame for display in `encode_frame`'s form.
pub async fn frame(
    profile: &Profile,
    id: &str,
    series: u32,
    frame: u32,
) -> Result<Vec<u8>, Failure> {
    let session = profile.session()?;
    profile.touch();
    let film = film(&session, id)?;
    let (entry, number) = film.place(series, frame)?;
    let bytes = film.entry(entry).await?;
    decode(move || {
        let mut file = DicomFile::open(Cursor::new(bytes)).map_err(|e| open_failure(&e))?;
        let shown = file.display_frame(number).map_err(|e| decode_failure(&e))?;
        Ok(encode(&shown))
    })
    .await
}

/// A PNG of a series' middle frame, or, where no such film is open, of the record.
pub async fn thumbnail(profile: &Profile, id: &str, series: u32) -> Result<Vec<u8>, Failure> {
    let session = profile.session()?;
    let Ok(film) = film(&session, id) else {
        return records::find(&session, id)?.thumbnail.ok_or_else(|| {
            Failure::new(
                Code::UnsupportedTransferSyntax,
                "this record has no picture",
            )
        });
    };
    let middle = film.frames.get(series as usize).map_or(0, |f| f.len() / 2);
    let (entry, _) = film.place(series, middle as u32)?;
    let bytes = film.entry(entry).await?;
    decode(move || {
        let mut file = DicomFile::open(Cursor::new(bytes)).map_err(|e| open_failure(&e))?;
        file.thumbnail().map_err(|e| decode_failure(&e))
    })
    .await
}

/// A frame as the viewer shows it at 1:1. The series and the instance by their UIDs; the first
/// series, and its middle image, where they are not named.
pub async fn render(
    profile: &Profile,
    id: &str,
    series: Option<&str>,
    instance: Option<&str>,
    frame: u32,
    params: RenderParams,
) -> Result<Rendered, Failure> {
    let session = profile.session()?;
    let film = film(&session, id)?;
    let study: Study = serde_json::from_value(film.object.manifest.meta.clone())
        .map_err(|_| corrupt("the manifest describes no study"))?;
    let mut entry = 0;
    let mut chosen = None;
    for s in &study.series {
        let wanted = series.is_none_or(|uid| uid == s.uid);
        if wanted && chosen.is_none() {
            let place = match instance {
                Some(uid) => s.instances.iter().position(|i| i.sop_instance_uid == uid),
                None => (!s.instances.is_empty()).then_some(s.instances.len() / 2),
            };
            chosen = place.map(|p| entry + p);
        }
        entry += s.instances.len();
    }
    let bytes = film
        .entry(chosen.ok_or_else(|| misuse("the study has no such image"))?)
        .await?;
    decode(move || {
        let mut file = DicomFile::open(Cursor::new(bytes)).map_err(|e| open_failure(&e))?;
        file.render(frame, &params).map_err(|e| decode_failure(&e))
    })
    .await
}

fn open_failure(e: &dhc_imaging::OpenError) -> Failure {
    Failure::new(
        e.code()
            .map_or(Code::FileUnreadable, crate::import::refusal),
        e.to_string(),
    )
}

async fn decode<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?
}

fn decode_failure(e: &dhc_imaging::DecodeError) -> Failure {
    Failure::new(
        e.code().map_or(Code::Misuse, crate::import::refusal),
        e.to_string(),
    )
}
