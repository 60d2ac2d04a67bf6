//! A frame as it came over the wire, its pixels still in the browser's memory.

use dhc_ipc::{FrameHeader, PixelKind};
use js_sys::{ArrayBuffer, DataView, Float32Array, Int16Array, Uint8Array, Uint16Array};

#[derive(Clone, Debug)]
pub struct Frame {
    pub header: FrameHeader,
    pub buffer: ArrayBuffer,
    /// Where the pixels begin in the buffer, bytes.
    pub offset: u32,
}

pub const fn bytes_per_pixel(kind: PixelKind) -> u32 {
    match kind {
        PixelKind::U8 => 1,
        PixelKind::U16 | PixelKind::I16 => 2,
        PixelKind::Rgb8 => 3,
        PixelKind::F32 => 4,
    }
}

/// Reads the header in front of the pixels; `pixels` is how many bytes follow `4 + header`.
/// `None` where the length of the pixels is not what the header says.
pub fn header(json: &[u8], pixels: u64) -> Option<FrameHeader> {
    let header: FrameHeader = serde_json::from_slice(json).ok()?;
    let expected = u64::from(header.rows)
        * u64::from(header.columns)
        * u64::from(bytes_per_pixel(header.kind));
    (expected == pixels && expected > 0).then_some(header)
}

impl Frame {
    /// Reads `dhc_ipc::encode_frame`'s form without copying the pixels.
    pub fn read(buffer: ArrayBuffer) -> Option<Self> {
        let bytes = Uint8Array::new(&buffer);
        if bytes.length() < 4 {
            return None;
        }
        let length = bytes.subarray(0, 4).to_vec();
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let offset = length
            .checked_add(4)
            .filter(|offset| *offset <= bytes.length())?;
        let json = bytes.subarray(4, offset).to_vec();
        let header = header(&json, u64::from(bytes.length() - offset))?;
        Some(Self {
            header,
            buffer,
            offset,
        })
    }

    pub fn bytes(&self) -> usize {
        self.buffer.byte_length() as usize
    }

    /// The modality values of a row from column `from` to one before `to`, which must lie inside;
    /// none of colours.
    pub fn values(&self, row: u32, from: u32, to: u32) -> Vec<f64> {
        let header = &self.header;
        let size = bytes_per_pixel(header.kind);
        let at = self.offset + (row * header.columns + from) * size;
        let length = to.saturating_sub(from);
        let rescaled = |stored: f64| stored * header.slope + header.intercept;
        match header.kind {
            PixelKind::U8 => Uint8Array::new_with_byte_offset_and_length(&self.buffer, at, length)
                .to_vec()
                .into_iter()
                .map(|v| rescaled(f64::from(v)))
                .collect(),
            PixelKind::U16 => {
                Uint16Array::new_with_byte_offset_and_length(&self.buffer, at, length)
                    .to_vec()
                    .into_iter()
                    .map(|v| rescaled(f64::from(v)))
                    .collect()
            }
            PixelKind::I16 => Int16Array::new_with_byte_offset_and_length(&self.buffer, at, length)
                .to_vec()
                .into_iter()
                .map(|v| rescaled(f64::from(v)))
                .collect(),
            PixelKind::F32 => {
                Float32Array::new_with_byte_offset_and_length(&self.buffer, at, length)
                    .to_vec()
                    .into_iter()
                    .map(f64::from)
                    .collect()
            }
            PixelKind::Rgb8 => Vec::new(),
        }
    }

    /// The modality value at a column and row; `None` outside and for colours.
    pub fn value_at(&self, column: f64, row: f64) -> Option<f64> {
        let header = &self.header;
        let inside = (0.0..f64::from(header.columns)).contains(&column)
            && (0.0..f64::from(header.rows)).contains(&row);
        if !inside {
            return None;
        }
        let index = (row as usize) * (header.columns as usize) + column as usize;
        let data = DataView::new(
            &self.buffer,
            self.offset as usize,
            self.bytes() - self.offset as usize,
        );
        let stored = match header.kind {
            PixelKind::U8 => f64::from(data.get_uint8(index)),
            PixelKind::U16 => f64::from(data.get_uint16_endian(index * 2, true)),
            PixelKind::I16 => f64::from(data.get_int16_endian(index * 2, true)),
            PixelKind::F32 => return Some(f64::from(data.get_float32_endian(index * 4, true))),
            PixelKind::Rgb8 => return None,
        };
        Some(stored * header.slope + header.intercept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_must_fit_its_pixels() {
        let json = br#"{"rows":2,"columns":3,"kind":"u16","slope":1.0,"intercept":0.0,"window":[0.0,1.0],"range":[0.0,1.0],"inverted":false,"units":""}   "#;
        assert_eq!(header(json, 12).map(|h| h.kind), Some(PixelKind::U16));
        assert!(header(json, 11).is_none());
        assert!(header(b"{}", 0).is_none());
    }
}
