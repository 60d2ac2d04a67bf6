//! Look-up tables of the modality, VOI and palette modules (PS3.3 C.11.1.1, C.11.2.1.1,
//! C.7.6.3.1.5).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::attributes::{first_item, text};
use crate::segmented::expand;

/// A table from values to values; what lies outside takes the nearest end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lut {
    first: i64,
    /// Never empty.
    values: Vec<u16>,
    /// Bits of an entry, 8 to 16.
    bits: u32,
    pub(crate) explanation: Option<String>,
    pub(crate) unit: Option<String>,
}

impl Lut {
    /// The first table of a sequence.
    pub(crate) fn of_sequence(data: &InMemDicomObject, sequence: Tag) -> Option<Self> {
        let item = first_item(data, sequence)?;
        let lut = Self::read(item, tags::LUT_DESCRIPTOR, tags::LUT_DATA)?;
        Some(Self {
            explanation: text(item, tags::LUT_EXPLANATION),
            unit: text(item, tags::MODALITY_LUT_TYPE),
            ..lut
        })
    }

    pub(crate) fn read(data: &InMemDicomObject, descriptor: Tag, values: Tag) -> Option<Self> {
        let descriptor = data.get(descriptor)?.to_multi_int::<i64>().ok()?;
        let &[entries, first, bits] = descriptor.first_chunk()?;
        // 65536 entries do not fit their field and are written as 0.
        let entries = match entries & 0xffff {
            0 => 1 << 16,
            n => n as usize,
        };
        let bytes = data.get(values)?.to_bytes().ok()?;
        let values: Vec<u16> = if bytes.len() >= 2 * entries {
            words(&bytes).take(entries).collect()
        } else {
            bytes.iter().take(entries).map(|b| u16::from(*b)).collect()
        };
        Self::new(first, values, bits)
    }

    /// A palette's table given in segments.
    pub(crate) fn read_segmented(
        data: &InMemDicomObject,
        descriptor: Tag,
        segments: Tag,
    ) -> Option<Self> {
        let descriptor = data.get(descriptor)?.to_multi_int::<i64>().ok()?;
        let &[_, first, bits] = descriptor.first_chunk()?;
        let bytes = data.get(segments)?.to_bytes().ok()?;
        let values = if bits == 8 {
            expand(&bytes.iter().map(|b| u16::from(*b)).collect::<Vec<_>>(), 1)?
        } else {
            expand(&words(&bytes).collect::<Vec<_>>(), 2)?
        };
        Self::new(first, values, bits)
    }

    fn new(first: i64, values: Vec<u16>, bits: i64) -> Option<Self> {
        (!values.is_empty()).then_some(Self {
            first,
            values,
            bits: u32::try_from(bits).unwrap_or(16).clamp(8, 16),
            explanation: None,
            unit: None,
        })
    }

    pub(crate) fn map(&self, value: f64) -> u16 {
        let last = self.values.len() - 1;
        let index = (value.round() - self.first as f64).clamp(0.0, last as f64);
        self.values[index as usize]
    }

    /// The mapped value, 0 to 1 of what the entries' bits can hold. Tables that declare more
    /// bits than they use are spread by their greatest entry.
    pub(crate) fn brightness(&self, value: f64) -> f64 {
        f64::from(self.map(value)) / f64::from(self.ceiling())
    }

    fn ceiling(&self) -> u16 {
        let declared = ((1u32 << self.bits) - 1) as u16;
        let greatest = self.values.iter().copied().max().unwrap_or(declared).max(1);
        if greatest > declared || greatest <= declared >> 1 {
            greatest
        } else {
            declared
        }
    }

    /// The values that the table tells apart, lowest and highest.
    pub(crate) fn domain(&self) -> (f64, f64) {
        (
            self.first as f64,
            (self.first + self.values.len() as i64 - 1) as f64,
        )
    }

    /// A palette's entry as 8 bits. Entries of 16 bits that only use the low ones are taken as
    /// they are meant.
    pub(crate) fn colour(&self, index: f64) -> u8 {
        let wide = self.bits > 8 && self.values.iter().any(|v| *v > 0xff);
        let value = self.map(index);
        if wide {
            (value >> (self.bits - 8)).min(0xff) as u8
        } else {
            value.min(0xff) as u8
        }
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|b| u16::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue, VR};

    use super::*;

    fn lut(descriptor: [u16; 3], values: &[u16]) -> Option<Lut> {
        let data = InMemDicomObject::from_element_iter([
            DataElement::new(
                tags::LUT_DESCRIPTOR,
                VR::US,
                PrimitiveValue::U16(descriptor.as_slice().into()),
            ),
            DataElement::new(tags::LUT_DATA, VR::OW, PrimitiveValue::U16(values.into())),
        ]);
        Lut::read(&data, tags::LUT_DESCRIPTOR, tags::LUT_DATA)
    }

    #[test]
    fn values_outside_the_table_take_its_ends() {
        let lut = lut([3, 10, 16], &[100, 200, 65535]).unwrap();
        assert_eq!(
            [-5.0, 10.0, 11.0, 12.0, 99.0].map(|v| lut.map(v)),
            [100, 100, 200, 65535, 65535]
        );
        assert_eq!(lut.brightness(12.0), 1.0);
        assert_eq!(lut.domain(), (10.0, 12.0));
    }

    #[test]
    fn bytes_may_be_packed_two_in_a_word() {
        let lut = lut([4, 0, 8], &[0x0201, 0x0403]).unwrap();
        assert_eq!([0.0, 1.0, 2.0, 3.0].map(|v| lut.map(v)), [1, 2, 3, 4]);
    }

    #[test]
    fn a_table_that_uses_fewer_bits_than_it_declares_still_reaches_white() {
        let lut = lut([2, 0, 16], &[0, 4095]).unwrap();
        assert_eq!(lut.brightness(1.0), 1.0);
    }

    #[test]
    fn a_table_without_entries_is_none() {
        assert_eq!(lut([3, 0, 16], &[]), None);
    }
}
