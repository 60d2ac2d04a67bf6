//! `Pinning`, by both interfaces, before services in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode},
    routing::{delete, get, post},
};
use cid::Cid;
use dhc_app::ports::{Parcel, PeerHint, PinError, PinKind, PinService, PinStatus, Pinning};
use dhc_content::{
    car::{CarReader, Part},
    dag::raw_cid,
};
use serde_json::{Value, json};

use super::memory::MemoryNetwork;
use crate::pinning::HttpPinning;

const TOKEN: &str = "an open sesame";
const DELEGATE: &str =
    "/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

/// A service's objects: whether each is there by now. One look later it is.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, bool>>>);

impl Shelf {
    fn is_there(&self, cid: &str) -> Option<bool> {
        let mut shelf = self.0.lock().unwrap();
        let there = shelf.get_mut(cid)?;
        Some(std::mem::replace(there, true))
    }

    fn put(&self, cid: &str, there: bool) {
        self.0.lock().unwrap().entry(cid.into()).or_insert(there);
    }

    fn remove(&self, cid: &str) -> Option<bool> {
        self.0.lock().unwrap().remove(cid)
    }
}

type Answer = (StatusCode, Json<Value>);

fn ok(body: Value) -> Answer {
    (StatusCode::OK, Json(body))
}

fn allowed(headers: &HeaderMap) -> Result<(), Answer> {
    let sent = headers.get("authorization").and_then(|v| v.to_str().ok());
    if sent == Some(&format!("Bearer {TOKEN}")) {
        return Ok(());
    }
    let refusal = json!({"error": {"reason": "UNAUTHORIZED", "details": "not you"}});
    Err((StatusCode::UNAUTHORIZED, Json(refusal)))
}

fn request(cid: &str, status: &str) -> Value {
    json!({"requestid": cid, "status": status, "created": "2026-11-23T00:00:00Z",
        "pin": {"cid": cid}, "delegates": [DELEGATE]})
}

/// The Pinning Service API.
fn api(shelf: Shelf) -> Router {
    async fn list(
        State(shelf): State<Shelf>,
        headers: HeaderMap,
        Query(query): Query<BTreeMap<String, String>>,
    ) -> Result<Answer, Answer> {
        allowed(&headers)?;
        // Without it only pinned ones are listed.
        assert_eq!(query["status"], "queued,pinning,pinned,failed");
        let results = match shelf.is_there(&query["cid"]) {
            Some(true) => json!([
                request(&query["cid"], "failed"),
                request(&query["cid"], "pinned")
            ]),
            Some(false) => json!([request(&query["cid"], "queued")]),
            None => json!([]),
        };
        Ok(ok(json!({"count": 1, "results": results})))
    }
    async fn add(
        State(shelf): State<Shelf>,
        headers: HeaderMap,
        Json(asked): Json<Value>,
    ) -> Result<Answer, Answer> {
        allowed(&headers)?;
        assert_eq!(asked["origins"], json!(["/ip4/127.0.0.1/tcp/1/p2p/me"]));
        let cid = asked["cid"].as_str().unwrap();
        shelf.put(cid, false);
        Ok((StatusCode::ACCEPTED, Json(request(cid, "queued"))))
    }
    async fn remove(
        State(shelf): State<Shelf>,
        headers: HeaderMap,
        Path(id): Path<String>,
    ) -> Result<StatusCode, Answer> {
        allowed(&headers)?;
        Ok(match shelf.remove(&id) {
            Some(_) => StatusCode::ACCEPTED,
            None => StatusCode::NOT_FOUND,
        })
    }
    Router::new()
        .route("/psa/pins", get(list).post(add))
        .route("/psa/pins/{id}", delete(remove))
        .with_state(shelf)
}

/// Kubo's RPC.
fn kubo(shelf: Shelf) -> Router {
    type Args = Query<BTreeMap<String, String>>;
    fn not_pinned(cid: &str) -> Answer {
        let said = json!({"Message": format!("{cid} is not pinned"), "Code": 0, "Type": "error"});
        (StatusCode::INTERNAL_SERVER_ERROR, Json(said))
    }
    async fn id(headers: HeaderMap) -> Result<Answer, Answer> {
        allowed(&headers)?;
        Ok(ok(json!({"ID": "x", "Addresses": [DELEGATE]})))
    }
    async fn ls(
        State(shelf): State<Shelf>,
        headers: HeaderMap,
        Query(args): Args,
    ) -> Result<Answer, Answer> {
        allowed(&headers)?;
        let cid = &args["arg"];
        shelf.is_there(cid).ok_or_else(|| not_pinned(cid))?;
        Ok(ok(json!({"Keys": {cid: {"Type": "recursive"}}})))
    }
    async fn add(
        State(shelf): State<Shelf>,
        headers: HeaderMap,
        Query(args): Args,
    ) -> Result<Answer, Answer> {
        allowed(&headers)?;
        shelf.put(&args["arg"], true);
        Ok(ok(json!({"Pins": [args["arg"]]})))
    }
    async fn remove(
        State(shelf): State<Shelf>,
        headers: HeaderMap,
        Query(args): Args,
    ) -> Result<Answer, Answer> {
        allowed(&headers)?;
        let cid = &args["arg"];
        shelf.remove(cid).ok_or_else(|| not_pinned(cid))?;
        Ok(ok(json!({"Pins": [cid]})))
    }
    async fn import(
        State(shelf): State<Shelf>,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Answer> {
        allowed(&headers)?;
        // The form's one field, between its head and the closing boundary.
        let from = body.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let to = body.windows(4).rposition(|w| w == b"\r\n--").unwrap();
        let (mut input, mut reader) = (&body[from..to], CarReader::default());
        let (mut roots, mut blocks) = (Vec::new(), Vec::new());
        while !input.is_empty() {
            match reader.push(&mut input).unwrap() {
                Some(Part::Roots(found)) => roots = found,
                Some(Part::Block(block)) => blocks.push(block.cid),
                None => {}
            }
        }
        reader.finish().unwrap();
        assert!(blocks.contains(&roots[0]));
        shelf.put(&roots[0].to_string(), true);
        Ok(ok(json!({"Root": {"Cid": {"/": roots[0].to_string()}}})))
    }
    Router::new()
        .route("/api/v0/id", post(id))
        .route("/api/v0/pin/ls", post(ls))
        .route("/api/v0/pin/add", post(add))
        .route("/api/v0/pin/rm", post(remove))
        .route("/api/v0/dag/import", post(import))
        .layer(DefaultBodyLimit::max(16 << 20))
        .with_state(shelf)
}

/// Serves until the test's runtime ends.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn parcel(connected: bool) -> (Cid, Parcel) {
    let peer = MemoryNetwork::default().join("me");
    let blocks = [vec![1; 1000], vec![2; 3_000_000 / 2]].map(bytes::Bytes::from);
    let blocks: Vec<_> = blocks.into_iter().map(|b| (raw_cid(&b), b)).collect();
    let all: Vec<Cid> = blocks.iter().map(|(cid, _)| *cid).collect();
    let root = all[0];
    dhc_app::ports::BlockExchange::put(&peer, blocks)
        .await
        .unwrap();
    let parcel = Parcel {
        root,
        origin: PeerHint {
            peer: "me".into(),
            addresses: vec!["/ip4/127.0.0.1/tcp/1".into()],
        },
        connected,
        all,
        blocks: Arc::new(peer),
    };
    (root, parcel)
}

fn service(kind: PinKind, url: &str, token: &str) -> PinService {
    PinService {
        kind,
        url: url.into(),
        token: Some(token.to_owned().into()),
    }
}

/// What every service's interface does.
async fn suite(pinning: &dyn Pinning, kind: PinKind, url: &str, connected: bool) {
    let right = service(kind, url, TOKEN);
    let (root, parcel) = parcel(connected).await;
    let status = async || pinning.look(&right, &root).await.unwrap().status;
    assert_eq!(status().await, PinStatus::Absent);
    pinning.unpin(&right, &root).await.unwrap();

    let state = pinning.pin(&right, &parcel).await.unwrap();
    assert_ne!(state.status, PinStatus::Absent);
    assert_eq!(state.peers[0].addresses, [DELEGATE]);
    while status().await != PinStatus::Pinned {}
    let again = pinning.pin(&right, &parcel).await.unwrap();
    assert_eq!(again.status, PinStatus::Pinned);
    pinning.unpin(&right, &root).await.unwrap();
    assert_eq!(status().await, PinStatus::Absent);

    let wrong = service(kind, url, "a closed one");
    let refused = |e: PinError| matches!(&e, PinError::Refused(text) if text == "401: not you");
    assert!(refused(pinning.look(&wrong, &root).await.unwrap_err()));
    assert!(refused(pinning.pin(&wrong, &parcel).await.unwrap_err()));
    assert!(refused(pinning.unpin(&wrong, &root).await.unwrap_err()));
    let gone = service(kind, "http://127.0.0.1:1", TOKEN);
    let looked = pinning.look(&gone, &root).await;
    assert!(matches!(looked, Err(PinError::Unreachable(_))));
}

#[tokio::test]
async fn services_of_the_pinning_api_keep_let_go_and_refuse() {
    let url = serve(api(Shelf::default())).await + "/psa";
    suite(&HttpPinning, PinKind::Api, &url, false).await;
}

#[tokio::test]
async fn kubos_keep_let_go_and_refuse_whether_they_fetch_or_are_handed_the_blocks() {
    for connected in [true, false] {
        let url = serve(kubo(Shelf::default())).await;
        suite(&HttpPinning, PinKind::Kubo, &url, connected).await;
    }
}

#[tokio::test]
async fn answers_that_are_none_and_redirects_are_refused() {
    let (root, _) = parcel(true).await;
    let nonsense = Router::new().fallback(|| async { "<html>" });
    let elsewhere = Router::new().fallback(|| async {
        let there = [("location", "http://127.0.0.1:1/")];
        (StatusCode::TEMPORARY_REDIRECT, there)
    });
    let endless = Router::new().fallback(|| async { vec![b' '; 2 << 20] });
    for router in [nonsense, elsewhere, endless] {
        let url = serve(router).await;
        for kind in [PinKind::Api, PinKind::Kubo] {
            let looked = HttpPinning.look(&service(kind, &url, TOKEN), &root).await;
            assert!(matches!(looked, Err(PinError::Refused(_))), "{looked:?}");
        }
    }
}
