//! What a network's founders answer: coins, certificates and the committee's signatures for the
//! asking.

use alloy::primitives::{Address, B256, U256};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{args::Args, server_error};
use crate::{
    committee::{AttestationError, Committee},
    founders::VenueError,
    operator::{Operator, OperatorError},
    rpc::{INVALID_PARAMS, Params, RpcError},
};

/// A request for the committee's word on a record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SimilarityRequest {
    contributor: Address,
    record_id: B256,
    /// Keyed MinHash of the record, base64.
    sketch: String,
}

impl From<OperatorError> for RpcError {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Venue(VenueError::Pool(error)) => error.into(),
            OperatorError::Venue(VenueError::Store(error)) => error.into(),
            other => server_error(other.to_string()),
        }
    }
}

/// The founders' methods, which stand beside the Ethereum ones.
pub(crate) struct Founders {
    operator: Operator,
    committee: Committee,
}

impl Founders {
    pub(crate) fn new(operator: Operator, committee: Committee) -> Self {
        Self {
            operator,
            committee,
        }
    }

    /// Whether a method is one of theirs.
    pub(crate) fn answers(method: &str) -> bool {
        method.starts_with("dhc_")
    }

    pub(crate) fn call(&self, method: &str, params: Params) -> Result<Value, RpcError> {
        let args = Args::new(params)?;
        match method {
            "dhc_fund" => self.fund(&args),
            "dhc_certify" => self.certify(&args),
            "dhc_attestSimilarity" => self.attest(&args),
            _ => Err(RpcError::no_method(method)),
        }
    }

    /// `dhc_fund(address, amount)`: sends coins from the faucet; answers the transaction's hash.
    fn fund(&self, args: &Args) -> Result<Value, RpcError> {
        Ok(json!(
            self.operator
                .fund(args.required(0)?, args.required::<U256>(1)?)?
        ))
    }

    /// `dhc_certify(address, grade, name)`: certifies an institution; answers the transaction's
    /// hash.
    fn certify(&self, args: &Args) -> Result<Value, RpcError> {
        /// Grades of hospitals, see `dhc_domain::HospitalGrade`.
        const GRADES: u8 = 3;
        let grade: u8 = args.required(1)?;
        if grade >= GRADES {
            return Err(RpcError::new(
                INVALID_PARAMS,
                "invalid argument 1: no such grade",
            ));
        }
        Ok(json!(self.operator.certify(
            args.required(0)?,
            grade,
            &args.required::<String>(2)?
        )?))
    }

    /// `dhc_attestSimilarity({contributor, recordId, sketch})`: answers the similarity in
    /// sixteenths and the committee's signatures of it.
    fn attest(&self, args: &Args) -> Result<Value, RpcError> {
        let request: SimilarityRequest = args.required(0)?;
        let sketch = BASE64_STANDARD.decode(&request.sketch).map_err(|_| {
            RpcError::new(INVALID_PARAMS, "invalid argument 0: sketch is no base64")
        })?;
        let attestation = self
            .committee
            .attest(request.contributor, request.record_id, &sketch)
            .map_err(|error| match error {
                AttestationError::Store(error) => error.into(),
                AttestationError::Sketch(_) => RpcError::new(INVALID_PARAMS, error.to_string()),
                AttestationError::Signing(_) => server_error(error.to_string()),
            })?;
        Ok(json!({
            "sixteenths": attestation.sixteenths,
            "signatures": attestation.signatures,
        }))
    }
}
