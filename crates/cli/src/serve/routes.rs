//! The core over HTTP: one call, frames as bytes, events as they come.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Query, State},
    http::{StatusCode, Uri, header},
    middleware,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event as ServerSent, KeepAlive},
    },
    routing::{get, post},
};
use dhc_ipc::{Call, Code, Failure};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use super::{Shared, gate, upload};

const LARGEST_CALL: usize = 256 << 10;

pub fn router(shared: Shared) -> Router {
    Router::new()
        .route(
            "/api/call",
            post(call).layer(DefaultBodyLimit::max(LARGEST_CALL)),
        )
        .route("/api/frame", get(frame))
        .route("/api/thumbnail", get(thumbnail))
        .route("/api/events", get(events))
        .route(
            "/api/upload",
            post(upload::upload).layer(DefaultBodyLimit::disable()),
        )
        .fallback(page)
        .layer(middleware::from_fn_with_state(shared.clone(), gate::guard))
        .with_state(shared)
}

/// A failure with a status that browsers' tools show rightly; the UI reads the code.
pub struct Failed(pub Failure);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::VaultLocked | Code::BadPassword => StatusCode::FORBIDDEN,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, Json(self.0)).into_response()
    }
}

async fn call(State(shared): State<Shared>, Json(call): Json<Call>) -> Result<Response, Failed> {
    // On a task of its own: a page that goes away must not cut off a transaction.
    let app = shared.app.clone();
    let answer = tokio::spawn(async move { app.call(call).await }).await;
    let answer = answer.unwrap_or_else(|e| Err(Failure::new(Code::Internal, e.to_string())));
    answer
        .map(|value| Json(value).into_response())
        .map_err(Failed)
}

#[derive(Deserialize)]
struct Place {
    profile: String,
    film: String,
    series: u32,
    #[serde(default)]
    frame: u32,
}

async fn frame(State(shared): State<Shared>, Query(at): Query<Place>) -> Result<Response, Failed> {
    let bytes = shared
        .app
        .frame(&at.profile, &at.film, at.series, at.frame)
        .await
        .map_err(Failed)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, bytes).into_response())
}

async fn thumbnail(
    State(shared): State<Shared>,
    Query(at): Query<Place>,
) -> Result<Response, Failed> {
    let png = shared
        .app
        .thumbnail(&at.profile, &at.film, at.series)
        .await
        .map_err(Failed)?;
    Ok((
        [
            (header::CONTENT_TYPE, "image/png"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        png,
    )
        .into_response())
}

async fn events(
    State(shared): State<Shared>,
) -> Sse<impl Stream<Item = Result<ServerSent, Infallible>>> {
    let stream = BroadcastStream::new(shared.app.events()).filter_map(|event| async move {
        // Who lags behind reads the screens anew anyway.
        let event = event.ok()?;
        ServerSent::default().json_data(event).ok().map(Ok)
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn page(State(shared): State<Shared>, uri: Uri) -> Response {
    shared.pages.get(if uri.path() == "/" {
        "/index.html"
    } else {
        uri.path()
    })
}
