//! Kubo's RPC. Source: docs.ipfs.tech/reference/kubo/rpc.

use std::time::Duration;

use bytes::Bytes;
use cid::Cid;
use dhc_app::ports::{Parcel, PeerHint, PinError, PinState, PinStatus, StoreError};
use dhc_content::car;
use futures::{Stream, StreamExt, stream};
use reqwest::{Body, Method, StatusCode};

use super::{
    by_peer,
    web::{ANSWER, Web, json, refusal, send},
};

/// For an object to reach the node: a minute, and a second for each block.
const PIN: Duration = Duration::from_secs(60);

fn path(command: &'static str) -> Vec<&'static str> {
    ["api", "v0"]
        .into_iter()
        .chain(command.split('/'))
        .collect()
}

pub async fn peers(web: &Web) -> Result<Vec<PeerHint>, PinError> {
    let (status, body) = send(web.request(Method::POST, &path("id"), &[]).timeout(ANSWER)).await?;
    if !status.is_success() {
        return Err(refusal(status, &body));
    }
    let id = json(&body)?;
    let addresses = id["Addresses"].as_array().into_iter().flatten();
    Ok(by_peer(
        addresses.filter_map(|a| a.as_str().map(str::to_owned)),
    ))
}

pub async fn look(web: &Web, root: &Cid) -> Result<PinState, PinError> {
    let root = root.to_string();
    let query = [("arg", root.as_str()), ("type", "recursive")];
    let request = web.request(Method::POST, &path("pin/ls"), &query);
    let (status, body) = send(request.timeout(ANSWER)).await?;
    let status = match status {
        status if status.is_success() => match json(&body)?["Keys"].get(&root) {
            Some(_) => PinStatus::Pinned,
            None => PinStatus::Absent,
        },
        status if is_not_pinned(status, &body) => PinStatus::Absent,
        status => return Err(refusal(status, &body)),
    };
    Ok(PinState {
        status,
        peers: peers(web).await?,
    })
}

/// Kubo says by an error's text alone that something is not pinned.
fn is_not_pinned(status: StatusCode, body: &[u8]) -> bool {
    let says_so = |said: serde_json::Value| {
        let text = said["Message"].as_str().unwrap_or_default();
        text.contains("is not pinned") || text.contains("not pinned or pinned indirectly")
    };
    status.is_server_error() && json(body).is_ok_and(says_so)
}

/// By `pin/add` where the node is connected with this one and fetches for itself, else by
/// `dag/import`. Returns when the node holds the object.
pub async fn pin(web: &Web, parcel: &Parcel) -> Result<PinState, PinError> {
    let patience = PIN + Duration::from_secs(parcel.all.len() as u64);
    let root = parcel.root.to_string();
    let request = if parcel.connected {
        let limit = format!("{}s", patience.as_secs());
        let query = [("arg", root.as_str()), ("timeout", &limit)];
        web.request(Method::POST, &path("pin/add"), &query)
    } else {
        hand_over(web, parcel)
    };
    let (status, body) = send(request.timeout(patience)).await?;
    if !status.is_success() {
        return Err(refusal(status, &body));
    }
    // An error after the first byte of the answer stands in a trailer: what counts is the list.
    look(web, &parcel.root).await
}

const BOUNDARY: &str = "dhc-7MA4YWxkTrZu0gW";

/// The blocks as a CAR file in a form's one field, read from the store as they are sent.
fn hand_over(web: &Web, parcel: &Parcel) -> reqwest::RequestBuilder {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"o\"\r\n\
         Content-Type: application/vnd.ipld.car\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let once = |bytes: Vec<u8>| stream::once(std::future::ready(Ok(Bytes::from(bytes))));
    let body = once(head.into_bytes())
        .chain(once(car::header(&parcel.root)))
        .chain(blocks(parcel))
        .chain(once(tail.into_bytes()));
    web.request(Method::POST, &path("dag/import"), &[("pin-roots", "true")])
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(Body::wrap_stream(body))
}

fn blocks(parcel: &Parcel) -> impl Stream<Item = Result<Bytes, StoreError>> + use<> {
    let store = parcel.blocks.clone();
    stream::iter(parcel.all.clone()).then(move |cid| {
        let store = store.clone();
        async move {
            let block = store.get(&cid).await?;
            let block = block.ok_or_else(|| StoreError::Damaged("a block is missing".into()))?;
            let mut section = car::block_prefix(&cid, block.len());
            section.extend_from_slice(&block);
            Ok(Bytes::from(section))
        }
    })
}

pub async fn unpin(web: &Web, root: &Cid) -> Result<(), PinError> {
    let root = root.to_string();
    let request = web.request(Method::POST, &path("pin/rm"), &[("arg", root.as_str())]);
    let (status, body) = send(request.timeout(ANSWER)).await?;
    if status.is_success() || is_not_pinned(status, &body) {
        return Ok(());
    }
    Err(refusal(status, &body))
}
