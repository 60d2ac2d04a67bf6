//! How errors of the layers below become the wire's codes.

use dhc_domain::{Standing, UnprovenReason};
use dhc_ipc::{Code, Failure};

use crate::ports::{ExchangeError, OpenError, StoreError};

pub fn store_failure(e: StoreError) -> Failure {
    let code = match e {
        StoreError::Full => Code::DiskFull,
        StoreError::Damaged(_) => Code::HomeDamaged,
        StoreError::Io(_) => Code::FileUnreadable,
    };
    Failure::new(code, e.to_string())
}

pub fn open_failure(e: OpenError) -> Failure {
    match e {
        OpenError::Busy => Failure::new(Code::HomeBusy, e.to_string())
            .hint("wait for the other command, or stop `dhc app` or `dhc serve` on this home"),
        OpenError::Store(e) => store_failure(e),
    }
}

pub fn exchange_failure(e: ExchangeError) -> Failure {
    match e {
        ExchangeError::Unavailable => Failure::new(Code::ContentUnavailable, e.to_string()),
        ExchangeError::Unreachable => Failure::new(Code::OwnerOffline, e.to_string())
            .hint("the owner's app must be running to answer"),
        ExchangeError::Corrupt => Failure::new(Code::ContentCorrupt, e.to_string()),
        ExchangeError::Store(e) => store_failure(e),
    }
}

pub fn damaged(what: &str) -> Failure {
    Failure::new(Code::HomeDamaged, format!("local data is damaged ({what})"))
        .hint("restore this profile from its words on a new home")
}

pub fn misuse(message: impl Into<String>) -> Failure {
    Failure::new(Code::Misuse, message)
}

pub fn reason_code(reason: UnprovenReason) -> Code {
    match reason {
        UnprovenReason::NetworkUnreachable => Code::NetworkUnreachable,
        UnprovenReason::NodeUntrusted => Code::NodeUntrusted,
        UnprovenReason::WitnessConflict => Code::WitnessConflict,
        UnprovenReason::ProofUnavailable => Code::ProofUnavailable,
        UnprovenReason::TrustExpired => Code::TrustExpired,
        UnprovenReason::ClockSkew => Code::ClockSkew,
    }
}

pub fn standing(s: Standing) -> dhc_ipc::Standing {
    match s {
        Standing::Proven { height } => dhc_ipc::Standing::Proven { height: height.0 },
        Standing::Pending { height } => dhc_ipc::Standing::Pending { height: height.0 },
        Standing::Unproven { reason } => dhc_ipc::Standing::Unproven {
            reason: reason_code(reason),
        },
    }
}
