use serde::{Deserialize, Serialize};

/// Kind of data, white paper 5.2.3: a bit in a record's kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Diagnosis,
    Prescription,
    Imaging,
    Laboratory,
    VitalSigns,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HospitalGrade {
    Secondary,
    Tertiary,
    TopTertiary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiseaseClass {
    Common,
    Difficult,
    Rare,
    Infectious,
}

/// The quality attributes that an issuing institution signs for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    pub kinds: Vec<Kind>,
    pub grade: HospitalGrade,
    pub disease: DiseaseClass,
}

impl Quality {
    /// As packed on chain: kinds as bits 0–4, grade in bits 8–9, disease class in bits 16–17.
    pub fn pack(&self) -> u32 {
        let kinds = self
            .kinds
            .iter()
            .fold(0u32, |bits, k| bits | 1 << (*k as u32));
        kinds | (self.grade as u32) << 8 | (self.disease as u32) << 16
    }

    /// `None` where a bit is set that the packing does not use, or no kind is.
    pub fn unpack(packed: u32) -> Option<Self> {
        const KINDS: [Kind; 5] = [
            Kind::Diagnosis,
            Kind::Prescription,
            Kind::Imaging,
            Kind::Laboratory,
            Kind::VitalSigns,
        ];
        if packed & !0x0003_031f != 0 {
            return None;
        }
        let kinds: Vec<_> = KINDS
            .into_iter()
            .filter(|k| packed >> (*k as u32) & 1 == 1)
            .collect();
        let grade = [
            HospitalGrade::Secondary,
            HospitalGrade::Tertiary,
            HospitalGrade::TopTertiary,
        ]
        .get((packed >> 8 & 3) as usize)
        .copied()?;
        let disease = [
            DiseaseClass::Common,
            DiseaseClass::Difficult,
            DiseaseClass::Rare,
            DiseaseClass::Infectious,
        ][(packed >> 16 & 3) as usize];
        (!kinds.is_empty()).then_some(Self {
            kinds,
            grade,
            disease,
        })
    }
}

/// Similarity S to what exists, in sixteenths: 0 is new, 16 is a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Similarity(u8);

impl Similarity {
    pub const NEW: Self = Self(0);
    pub const COPY: Self = Self(16);

    /// `None` above 16.
    pub const fn from_sixteenths(n: u8) -> Option<Self> {
        if n <= 16 { Some(Self(n)) } else { None }
    }

    pub const fn sixteenths(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_is_packed_as_the_contract_reads_it() {
        let q = Quality {
            kinds: vec![Kind::Diagnosis, Kind::Imaging],
            grade: HospitalGrade::TopTertiary,
            disease: DiseaseClass::Rare,
        };
        assert_eq!(q.pack(), 0x0002_0205);
        assert_eq!(Quality::unpack(q.pack()), Some(q));
        assert_eq!(Quality::unpack(0), None);
        assert_eq!(Quality::unpack(0x0000_0304), None);
        assert_eq!(Quality::unpack(0x8000_0001), None);
    }
}
