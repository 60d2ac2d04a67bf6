//! A film and its frames, as the wire has them.

use dhc_imaging::{DisplayPixels, FrameForDisplay, Instance, Series, Study, presets};
use dhc_ipc::{FilmSeries, FilmView, FrameHeader, PixelKind, encode_frame};

pub(super) fn encode(frame: &FrameForDisplay) -> Vec<u8> {
    let (kind, pixels) = match &frame.pixels {
        DisplayPixels::Grey8(p) => (PixelKind::U8, p),
        DisplayPixels::Grey16 { signed: true, data } => (PixelKind::I16, data),
        DisplayPixels::Grey16 {
            signed: false,
            data,
        } => (PixelKind::U16, data),
        DisplayPixels::Float32(p) => (PixelKind::F32, p),
        DisplayPixels::Rgb8(p) => (PixelKind::Rgb8, p),
    };
    let window = frame
        .windows
        .first()
        .map_or([127.5, 255.0], |w| [w.center, w.width]);
    let header = FrameHeader {
        rows: frame.rows,
        columns: frame.columns,
        kind,
        slope: frame.slope,
        intercept: frame.intercept,
        window,
        range: range(kind, pixels).map(|v| v * frame.slope + frame.intercept),
        inverted: frame.inverted,
        units: frame.unit.clone().unwrap_or_default(),
    };
    encode_frame(&header, pixels)
}

/// The lowest and the highest stored value.
fn range(kind: PixelKind, pixels: &[u8]) -> [f64; 2] {
    let words = || pixels.chunks_exact(2).map(|b| [b[0], b[1]]);
    let span = |low: Option<f64>, high: Option<f64>| [low.unwrap_or(0.0), high.unwrap_or(0.0)];
    match kind {
        PixelKind::I16 => {
            let values = || words().map(i16::from_le_bytes);
            span(values().min().map(f64::from), values().max().map(f64::from))
        }
        PixelKind::U16 => {
            let values = || words().map(u16::from_le_bytes);
            span(values().min().map(f64::from), values().max().map(f64::from))
        }
        PixelKind::F32 => {
            let values = || {
                pixels
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            };
            span(
                values().reduce(f32::min).map(f64::from),
                values().reduce(f32::max).map(f64::from),
            )
        }
        PixelKind::U8 | PixelKind::Rgb8 => span(
            pixels.iter().min().map(|v| f64::from(*v)),
            pixels.iter().max().map(|v| f64::from(*v)),
        ),
    }
}

pub(super) fn view(id: &str, study: &Study, title: &str, standing: dhc_ipc::Standing) -> FilmView {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    FilmView {
        id: id.to_owned(),
        title: title.to_owned(),
        date: text(&study.date),
        patient: text(&study.patient.name),
        patient_id: text(&study.patient.id),
        birth_date: text(&study.patient.birth_date),
        sex: text(&study.patient.sex),
        institution: text(&study.institution),
        series: study.series.iter().map(series_view).collect(),
        accessed: None,
        not_after: None,
        standing,
    }
}

/// Transfer syntaxes that lose, PS3.5 A.4: JPEG baseline and extended, JPEG-LS near-lossless,
/// JPEG 2000, HTJ2K.
const LOSSY: &[&str] = &[
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.203",
];

fn series_view(series: &Series) -> FilmSeries {
    let images = || series.instances.iter().filter_map(|i| i.image.as_ref());
    let first = images().next();
    let modality = series.modality.clone().unwrap_or_default();
    let spacing = first.and_then(|i| i.pixel_spacing);
    let file_windows = first
        .into_iter()
        .flat_map(|i| &i.windows)
        .enumerate()
        .map(|(n, w)| {
            let name = w.explanation.clone().unwrap_or_else(|| {
                if n == 0 {
                    "default".into()
                } else {
                    format!("file {}", n + 1)
                }
            });
            (name, w.center, w.width)
        });
    FilmSeries {
        uid: series.uid.clone(),
        number: series.number,
        description: series.description.clone().unwrap_or_default(),
        frames: images().map(|i| i.frames).sum(),
        rows: first.map_or(0, |i| u32::from(i.rows)),
        columns: first.map_or(0, |i| u32::from(i.columns)),
        spacing,
        spacing_kind: spacing.map(|_| "pixel".to_owned()),
        slice_thickness: None,
        frame_time: None,
        lossy: series
            .instances
            .iter()
            .any(|i: &Instance| LOSSY.contains(&i.transfer_syntax.as_str())),
        presets: file_windows
            .chain(
                presets(&modality)
                    .iter()
                    .map(|p| (p.name.to_owned(), p.center, p.width)),
            )
            .collect(),
        orientation: first.and_then(|i| i.orientation),
        positions: positions(series),
        modality,
    }
}

/// Distances of the series' single-frame images along the normal, mm (PS3.3 C.7.6.2.1.1); empty
/// where one has no geometry.
fn positions(series: &Series) -> Vec<f64> {
    series
        .instances
        .iter()
        .map(|i| {
            let image = i.image.as_ref().filter(|i| i.frames == 1)?;
            let (o, p) = (image.orientation?, image.position?);
            let normal = [
                o[1] * o[5] - o[2] * o[4],
                o[2] * o[3] - o[0] * o[5],
                o[0] * o[4] - o[1] * o[3],
            ];
            Some(normal.iter().zip(p).map(|(n, p)| n * p).sum())
        })
        .collect::<Option<Vec<f64>>>()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_frame_respects_its_sign() {
        let bytes: Vec<u8> = [-5i16, 7, 300]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert_eq!(range(PixelKind::I16, &bytes), [-5.0, 300.0]);
        assert_eq!(range(PixelKind::U16, &bytes), [7.0, 65531.0]);
        assert_eq!(range(PixelKind::U8, &[3, 9]), [3.0, 9.0]);
        assert_eq!(range(PixelKind::U8, &[]), [0.0, 0.0]);
    }
}
