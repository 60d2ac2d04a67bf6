//! Instances into series into studies, each in order.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ScannedStudy;
use super::inspect::Found;
use super::source::Locator;
use crate::study::{Instance, Series};

#[derive(Default)]
pub(super) struct Grouping {
    studies: Vec<ScannedStudy>,
    by_uid: HashMap<String, usize>,
    series_by_uid: HashMap<(usize, String), usize>,
}

impl Grouping {
    /// What instances say of their study and series is taken from the first.
    pub(super) fn add(&mut self, found: Found, locator: Locator) {
        let Found {
            study,
            series,
            instance,
        } = found;
        let at = *self.by_uid.entry(study.uid.clone()).or_insert_with(|| {
            self.studies.push(ScannedStudy {
                study,
                files: BTreeMap::new(),
            });
            self.studies.len() - 1
        });
        let ScannedStudy { study, files } = &mut self.studies[at];
        let within = *self
            .series_by_uid
            .entry((at, series.uid.clone()))
            .or_insert_with(|| {
                study.series.push(series);
                study.series.len() - 1
            });
        files.insert(instance.sop_instance_uid.clone(), locator);
        study.series[within].instances.push(instance);
    }

    pub(super) fn finish(mut self) -> Vec<ScannedStudy> {
        for ScannedStudy { study, .. } in &mut self.studies {
            study
                .series
                .iter_mut()
                .for_each(|s| order(&mut s.instances));
            study.series.sort_by(by_number);
            let modalities: BTreeSet<_> = study
                .series
                .iter()
                .filter_map(|s| s.modality.clone())
                .collect();
            study.modalities = modalities.into_iter().collect();
        }
        self.studies.sort_by(|a, b| {
            let key = |s: &ScannedStudy| (s.study.date.clone(), s.study.time.clone());
            key(a)
                .cmp(&key(b))
                .then_with(|| a.study.uid.cmp(&b.study.uid))
        });
        self.studies
    }
}

fn by_number(a: &Series, b: &Series) -> Ordering {
    // A series without a number comes last.
    let key = |s: &Series| (s.number.is_none(), s.number);
    key(a).cmp(&key(b)).then_with(|| a.uid.cmp(&b.uid))
}

/// Slices nearer than this lie at the same place, in mm.
const SAME_PLACE: f64 = 1e-3;
/// Orientations whose normals' cosine is nearer to 1 than this are parallel.
const PARALLEL: f64 = 1e-4;

/// By position along the normal where all images are parallel slices at places of their own;
/// otherwise (several phases at one place, mixed orientations, no geometry) by number.
fn order(instances: &mut [Instance]) {
    instances.sort_by(|a, b| {
        let key = |i: &Instance| (i.image.is_none(), i.number.is_none(), i.number);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.sop_instance_uid.cmp(&b.sop_instance_uid))
    });
    let images = instances.iter().filter(|i| i.image.is_some()).count();
    let Some(mut places) = places(&instances[..images]) else {
        return;
    };
    let mut sorted: Vec<_> = places.iter().map(|(place, _)| *place).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.windows(2).any(|w| w[1] - w[0] < SAME_PLACE) {
        return;
    }
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ordered: Vec<_> = places.iter().map(|(_, i)| instances[*i].clone()).collect();
    instances[..images].clone_from_slice(&ordered);
}

/// Distance of each slice along the common normal, mm; `None` where there is no such.
fn places(images: &[Instance]) -> Option<Vec<(f64, usize)>> {
    let mut common: Option<[f64; 3]> = None;
    let mut places = Vec::with_capacity(images.len());
    for (i, instance) in images.iter().enumerate() {
        let image = instance.image.as_ref()?;
        let (position, normal) = (image.position?, normal(image.orientation?)?);
        let reference = *common.get_or_insert(normal);
        if dot(reference, normal) < 1.0 - PARALLEL {
            return None;
        }
        places.push((dot(reference, position), i));
    }
    Some(places)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Unit normal of a plane, row direction × column direction (PS3.3 C.7.6.2.1.1).
fn normal([rx, ry, rz, cx, cy, cz]: [f64; 6]) -> Option<[f64; 3]> {
    let n = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
    let length = dot(n, n).sqrt();
    (length > 0.5).then(|| n.map(|c| c / length))
}
