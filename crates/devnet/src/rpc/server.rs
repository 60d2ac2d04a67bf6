use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{INTERNAL_ERROR, Methods, Params, RpcError, answer_body, failure};

/// Bytes of a request at most: room for several transactions of the greatest size.
const MAX_BODY_BYTES: usize = 1 << 20;

/// What a server answers besides posted requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// CometBFT: methods are also paths, their parameters the query.
    Comet,
    Ethereum,
}

type Shared = Arc<dyn Methods>;

/// Serves `methods` on 127.0.0.1 until `stop` turns true. Port 0 takes any that is free.
pub(crate) async fn serve(
    methods: Shared,
    style: Style,
    port: u16,
    mut stop: watch::Receiver<bool>,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let mut router = Router::new().route("/", post(posted));
    if style == Style::Comet {
        router = router
            .route("/", get(index))
            .route("/{method}", get(fetched));
    }
    let router = router
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(only_loopback))
        .with_state(methods);
    let task = tokio::spawn(async move {
        let stopped = async move {
            // An error means that the devnet is gone, which is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, router)
            .with_graceful_shutdown(stopped)
            .await
        {
            tracing::error!(%error, "a server ended");
        }
    });
    Ok((address, task))
}

/// Names by which programs on this machine call it.
fn is_loopback(authority: &str) -> bool {
    authority
        .parse::<Authority>()
        .is_ok_and(|authority| matches!(authority.host(), "127.0.0.1" | "localhost" | "[::1]"))
}

/// Refuses requests that a page of another site makes a browser send (DNS rebinding, forms).
async fn only_loopback(headers: HeaderMap, request: Request, next: Next) -> Response {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let host = text(header::HOST).is_some_and(is_loopback);
    let origin = text(header::ORIGIN).is_none_or(|origin| {
        let site = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        site.is_some_and(is_loopback)
    });
    if host && origin {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "only for programs on this machine\n").into_response()
    }
}

async fn posted(State(methods): State<Shared>, body: Bytes) -> Response {
    match blocking(move || answer_body(&*methods, &body)).await {
        Ok(Some(answer)) => Json(answer).into_response(),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            Json(failure(Value::Null, &error)),
        )
            .into_response(),
    }
}

async fn index() -> &'static str {
    "CometBFT RPC: status, commit, validators, block, block_results, abci_query, tx, …\n"
}

/// CometBFT's URI style: `/commit?height=5`, strings in quotation marks, bytes as 0x-hex.
async fn fetched(
    State(methods): State<Shared>,
    Path(method): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    const NO_ID: i64 = -1;
    let params: Map<_, _> = query
        .into_iter()
        .map(|(name, value)| (name, uri_value(&value)))
        .collect();
    let called = blocking(move || methods.call(&method, Params::Named(params))).await;
    match called.and_then(|result| result) {
        Ok(result) => {
            Json(json!({ "jsonrpc": "2.0", "id": NO_ID, "result": result })).into_response()
        }
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            Json(failure(NO_ID.into(), &error)),
        )
            .into_response(),
    }
}

fn uri_value(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => {
            let quoted = text
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            Value::String(quoted.unwrap_or(text).to_owned())
        }
    }
}

/// Reading the database and running contracts blocks: off the threads that serve connections.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RpcError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request failed");
        RpcError::new(INTERNAL_ERROR, "Internal error")
    })
}
