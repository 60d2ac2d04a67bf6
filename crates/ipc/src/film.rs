use serde::{Deserialize, Serialize};

/// Opens a study for viewing: a record of mine, or a grant to me (then the opening is entered in
/// the owner's access log, the key is asked for and the content fetched; progress in events).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenFilm {
    /// A record's id, or a grant's.
    pub id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FilmView {
    /// What frames are asked for by: `GET /api/frame?profile=P&film=ID&series=I&frame=N`
    /// (Tauri: `invoke("frame", …)`), answering bytes as [`decode_frame`] reads them;
    /// `GET /api/thumbnail?profile=P&film=ID&series=I` answers a PNG.
    pub id: String,
    pub title: String,
    pub date: String,
    pub patient: String,
    pub patient_id: String,
    pub birth_date: String,
    pub sex: String,
    pub institution: String,
    pub series: Vec<FilmSeries>,
    /// The opening, where this was a grant.
    pub accessed: Option<crate::Indexed>,
    pub not_after: Option<String>,
    pub standing: crate::Standing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilmSeries {
    pub uid: String,
    pub number: Option<i32>,
    pub modality: String,
    pub description: String,
    /// Frames in viewing order: by position along the normal, else by instance number.
    pub frames: u32,
    pub rows: u32,
    pub columns: u32,
    /// Row, column spacing in mm, and what it is measured by (`pixel`, `imager`, none).
    pub spacing: Option<[f64; 2]>,
    pub spacing_kind: Option<String>,
    pub slice_thickness: Option<f64>,
    /// Frame time of a cine run, ms.
    pub frame_time: Option<f64>,
    pub lossy: bool,
    /// Presets by name: (name, centre, width), in modality units.
    pub presets: Vec<(String, f64, f64)>,
    /// Image orientation (patient) of the first frame: row and column direction cosines.
    pub orientation: Option<[f64; 6]>,
    /// Distances along the normal, mm, one per frame, where geometry is known.
    pub positions: Vec<f64>,
}

/// How the pixels after the header are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PixelKind {
    /// Unsigned 8 bit, one sample.
    U8,
    /// Unsigned 16 bit, little endian.
    U16,
    /// Signed 16 bit, little endian.
    I16,
    /// 32 bit IEEE float, little endian: modality values already.
    F32,
    /// Three samples of 8 bits, interleaved: display colours.
    Rgb8,
}

/// A frame for display. Modality value = stored × slope + intercept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameHeader {
    pub rows: u32,
    pub columns: u32,
    pub kind: PixelKind,
    pub slope: f64,
    pub intercept: f64,
    /// Centre and width the file gives, else the frame's range, in modality units.
    pub window: [f64; 2],
    /// Lowest and highest modality value in the frame.
    pub range: [f64; 2],
    /// MONOCHROME1: low is white.
    pub inverted: bool,
    pub units: String,
}

/// Wire form of a frame: `u32` little-endian length of the JSON header, the header padded with
/// spaces so that pixels start at a multiple of 4, then the pixels row by row.
pub fn encode_frame(header: &FrameHeader, pixels: &[u8]) -> Vec<u8> {
    let mut json = serde_json::to_vec(header).unwrap_or_default();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut out = Vec::with_capacity(4 + json.len() + pixels.len());
    out.extend_from_slice(&(json.len() as u32).to_le_bytes());
    out.extend_from_slice(&json);
    out.extend_from_slice(pixels);
    out
}

/// Reads [`encode_frame`]'s form; `None` where it is not that.
pub fn decode_frame(bytes: &[u8]) -> Option<(FrameHeader, &[u8])> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let end = length.checked_add(4)?;
    let header: FrameHeader = serde_json::from_slice(bytes.get(4..end)?).ok()?;
    let pixels = bytes.get(end..)?;
    let bytes_per_pixel = match header.kind {
        PixelKind::U8 => 1,
        PixelKind::U16 | PixelKind::I16 => 2,
        PixelKind::Rgb8 => 3,
        PixelKind::F32 => 4,
    };
    let expected = u64::from(header.rows) * u64::from(header.columns) * bytes_per_pixel;
    (expected == pixels.len() as u64).then_some((header, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_wire_and_a_cut_one_does_not() {
        let header = FrameHeader {
            rows: 2,
            columns: 3,
            kind: PixelKind::U16,
            slope: 1.0,
            intercept: -1024.0,
            window: [40.0, 400.0],
            range: [-1024.0, 3071.0],
            inverted: false,
            units: "HU".into(),
        };
        let pixels = [7u8; 12];
        let wire = encode_frame(&header, &pixels);
        assert_eq!((wire.len() - 12) % 4, 0);
        assert_eq!(decode_frame(&wire), Some((header, &pixels[..])));
        for cut in 0..wire.len() {
            assert_eq!(decode_frame(&wire[..cut]), None);
        }
    }
}
