//! The consent as a FHIR R4 Consent (hl7.org/fhir/R4/consent.html). The patient keeps it; the chain
//! holds its salted hash.

use dhc_domain::{Actions, Address, B256, Purpose, Timestamp};
use dhc_ipc::{Code, Failure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";

/// A document and the salt of its hash.
#[derive(Clone, Serialize, Deserialize)]
pub struct Document(Value, B256);

impl Document {
    /// keccak256(salt ‖ the document's bytes), as the grant holds it.
    pub fn hash(&self) -> Result<B256, Failure> {
        let bytes =
            serde_json::to_vec(&self.0).map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
        Ok(alloy::primitives::keccak256(
            [self.1.as_slice(), &bytes].concat(),
        ))
    }

    /// The same consent, made anew at `now`, until `end`, with a salt of its own.
    pub fn renewed(&self, now: Timestamp, end: Timestamp, salt: B256) -> Self {
        let mut document = self.0.clone();
        document["dateTime"] = json!(now.to_string());
        document["provision"]["period"]["end"] = json!(end.to_string());
        Self(document, salt)
    }
}

/// What the document says.
pub struct Consent {
    pub owner: Address,
    pub grantee: Address,
    pub purpose: Purpose,
    pub actions: Actions,
    pub template: B256,
    pub made: Timestamp,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Of each study a URI: of its DICOM UID, or of its record.
    pub studies: Vec<String>,
}

impl Consent {
    pub fn salted(&self, salt: B256) -> Document {
        let person = |account: Address| format!("did:ethr:{account}");
        let action =
            |a: dhc_domain::Action| json!({"coding": [{"system": ACTION, "code": code(a)}]});
        let study = |uri: &String| {
            json!({"meaning": "instance", "reference": {
                "type": "ImagingStudy",
                "identifier": {"system": "urn:ietf:rfc:3986", "value": uri}
            }})
        };
        let document = json!({
            "resourceType": "Consent",
            "status": "active",
            "scope": {"coding": [{"system": SCOPE, "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"identifier": {"system": "urn:ietf:rfc:3986", "value": person(self.owner)}},
            "dateTime": self.made.to_string(),
            "policyRule": {"text": self.template.to_string()},
            "provision": {
                "type": "permit",
                "period": {"start": self.start.to_string(), "end": self.end.to_string()},
                "actor": [{
                    "role": {"coding": [{"system": ROLE, "code": "IRCP"}]},
                    "reference": {"identifier": {"value": person(self.grantee)}}
                }],
                "action": self.actions.iter().map(action).collect::<Vec<_>>(),
                "purpose": [{"system": REASON, "code": self.purpose.code()}],
                "data": self.studies.iter().map(study).collect::<Vec<_>>(),
            }
        });
        Document(document, salt)
    }
}

/// FHIR's code of an action: to look is to access, to take out is to disclose, to write back is to
/// correct.
fn code(action: dhc_domain::Action) -> &'static str {
    match action {
        dhc_domain::Action::View => "access",
        dhc_domain::Action::Export => "disclose",
        dhc_domain::Action::Annotate => "correct",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_consent_differs_in_its_end_and_its_hash_alone() {
        let consent = Consent {
            owner: Address::repeat_byte(1),
            grantee: Address::repeat_byte(2),
            purpose: Purpose::TREAT,
            actions: Actions(3),
            template: B256::repeat_byte(3),
            made: Timestamp(1_000),
            start: Timestamp(1_000),
            end: Timestamp(2_000),
            studies: vec!["urn:oid:1.2".into(), "urn:oid:1.3".into()],
        };
        let first = consent.salted(B256::repeat_byte(4));
        let renewed = first.renewed(Timestamp(1_500), Timestamp(3_000), B256::repeat_byte(5));
        assert_ne!(first.hash().unwrap(), renewed.hash().unwrap());
        let later = Consent {
            made: Timestamp(1_500),
            end: Timestamp(3_000),
            ..consent
        };
        let written = later.salted(B256::repeat_byte(5));
        assert_eq!(written.hash().unwrap(), renewed.hash().unwrap());
        assert_eq!(renewed.0["provision"]["data"].as_array().unwrap().len(), 2);
        assert_eq!(
            renewed.0["provision"]["action"][1]["coding"][0]["code"],
            "disclose"
        );
    }
}
