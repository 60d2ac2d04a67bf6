//! The IPFS Pinning Service API, version 1.
//! Source: ipfs.github.io/pinning-services-api-spec.

use cid::Cid;
use dhc_app::ports::{Parcel, PinError, PinState, PinStatus};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{
    by_peer,
    web::{ANSWER, Web, refusal, send},
};

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    results: Vec<Request>,
}

/// A pin request, as the service keeps it.
#[derive(Deserialize)]
struct Request {
    requestid: String,
    status: Status,
    pin: Pin,
    #[serde(default)]
    delegates: Vec<String>,
}

#[derive(Deserialize)]
struct Pin {
    cid: String,
}

/// In the order in which they are worth telling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Failed,
    Queued,
    Pinning,
    Pinned,
}

impl From<Status> for PinStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Failed => Self::Failed,
            Status::Queued => Self::Queued,
            Status::Pinning => Self::Pinning,
            Status::Pinned => Self::Pinned,
        }
    }
}

fn state(request: Request) -> PinState {
    PinState {
        status: request.status.into(),
        peers: by_peer(request.delegates),
    }
}

/// The requests for an object; several may have been made.
async fn requests(web: &Web, root: &Cid) -> Result<Vec<Request>, PinError> {
    let query = [
        ("cid", root.to_string()),
        ("status", "queued,pinning,pinned,failed".to_owned()),
    ];
    let query = query
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let request = web.request(Method::GET, &["pins"], &query).timeout(ANSWER);
    let (status, body) = send(request).await?;
    if status == StatusCode::NOT_FOUND {
        return Ok(Vec::new());
    }
    if !status.is_success() {
        return Err(refusal(status, &body));
    }
    let found: Results = parsed(&body)?;
    let asked = |r: &Request| r.pin.cid.parse::<Cid>().is_ok_and(|cid| cid == *root);
    Ok(found.results.into_iter().filter(asked).collect())
}

fn parsed<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, PinError> {
    serde_json::from_slice(body)
        .map_err(|_| PinError::Refused("its answer is not the API's".into()))
}

pub async fn look(web: &Web, root: &Cid) -> Result<PinState, PinError> {
    let found = requests(web, root).await?;
    let best = found.into_iter().max_by_key(|r| r.status);
    Ok(best.map_or_else(
        || PinState {
            status: PinStatus::Absent,
            peers: Vec::new(),
        },
        state,
    ))
}

/// Asks anew unless a request stands; one that failed is replaced.
pub async fn pin(web: &Web, parcel: &Parcel) -> Result<PinState, PinError> {
    let best = requests(web, &parcel.root)
        .await?
        .into_iter()
        .max_by_key(|r| r.status);
    let failed = match best {
        Some(request) if request.status != Status::Failed => return Ok(state(request)),
        failed => failed.map(|request| request.requestid),
    };
    let origin = &parcel.origin;
    let origins: Vec<String> = origin
        .addresses
        .iter()
        .map(|address| format!("{address}/p2p/{}", origin.peer))
        .collect();
    // No name and no meta: they would be words about a person's records.
    let body = json!({"cid": parcel.root.to_string(), "origins": origins}).to_string();
    let path: Vec<&str> = ["pins"].into_iter().chain(failed.as_deref()).collect();
    let request = web
        .request(Method::POST, &path, &[])
        .header("content-type", "application/json")
        .body(body)
        .timeout(ANSWER);
    let (status, body) = send(request).await?;
    if !status.is_success() {
        return Err(refusal(status, &body));
    }
    parsed(&body).map(state)
}

pub async fn unpin(web: &Web, root: &Cid) -> Result<(), PinError> {
    for request in requests(web, root).await? {
        let path = ["pins", &request.requestid];
        let (status, body) = send(web.request(Method::DELETE, &path, &[]).timeout(ANSWER)).await?;
        if !status.is_success() && status != StatusCode::NOT_FOUND {
            return Err(refusal(status, &body));
        }
    }
    Ok(())
}
