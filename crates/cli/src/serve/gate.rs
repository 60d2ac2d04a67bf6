//! Who may speak to the loopback server: a token given once, then a cookie; our own host name
//! and origin only, so that neither another page nor a rebound name gets in.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Shared;

const COOKIE: &str = "dhc";

/// What the app may load: the same policy as the shell's.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; connect-src 'self' ipc: http://ipc.localhost; object-src 'none'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub struct Gate {
    port: u16,
    token: String,
    cookie: String,
}

impl Gate {
    pub fn new(port: u16) -> Self {
        let secret = || hex::encode(rand::random::<[u8; 32]>());
        Self {
            port,
            token: secret(),
            cookie: secret(),
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/?token={}", self.port, self.token)
    }

    fn is_our_host(&self, host: &str) -> bool {
        [
            format!("127.0.0.1:{}", self.port),
            format!("localhost:{}", self.port),
        ]
        .iter()
        .any(|h| h == host)
    }

    /// Requests that a page makes carry its origin; ours is the only one.
    fn is_our_origin(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
            None => true,
            Some(Ok(origin)) => origin
                .strip_prefix("http://")
                .is_some_and(|h| self.is_our_host(h)),
            Some(Err(_)) => false,
        }
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == COOKIE && same(value, &self.cookie))
    }

    fn has_token(&self, query: Option<&str>) -> bool {
        query.into_iter().flat_map(|q| q.split('&')).any(|pair| {
            pair.split_once('=')
                .is_some_and(|(name, value)| name == "token" && same(value, &self.token))
        })
    }
}

/// Compares in a time that does not tell where two secrets differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

pub async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let gate = &shared.gate;
    let headers = request.headers();
    let host = headers
        .get(header::HOST)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    if !gate.is_our_host(host) || !gate.is_our_origin(headers) {
        return closed(StatusCode::FORBIDDEN);
    }
    let mut response = if gate.has_cookie(headers) {
        next.run(request).await
    } else if request.uri().path() == "/" && gate.has_token(request.uri().query()) {
        enter(gate)
    } else {
        closed(StatusCode::UNAUTHORIZED)
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Trades the token for the cookie and takes the token out of the address bar.
fn enter(gate: &Gate) -> Response {
    let cookie = format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict",
        gate.cookie
    );
    let mut response = (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, "/")],
        Body::empty(),
    )
        .into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

fn closed(status: StatusCode) -> Response {
    (status, "Open the address that dhc serve printed.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn only_our_own_page_gets_in() {
        let gate = Gate::new(4321);
        assert!(gate.is_our_host("127.0.0.1:4321"));
        for host in [
            "127.0.0.1",
            "127.0.0.1:4322",
            "evil.example:4321",
            "127.0.0.1:4321.evil.example",
            "",
        ] {
            assert!(!gate.is_our_host(host), "{host}");
        }
        assert!(gate.is_our_origin(&HeaderMap::new()));
        assert!(gate.is_our_origin(&headers(header::ORIGIN, "http://127.0.0.1:4321")));
        for origin in [
            "http://evil.example",
            "null",
            "https://127.0.0.1:4321",
            "http://127.0.0.1:9",
        ] {
            assert!(
                !gate.is_our_origin(&headers(header::ORIGIN, origin)),
                "{origin}"
            );
        }
    }

    #[test]
    fn the_token_opens_once_and_the_cookie_after() {
        let gate = Gate::new(1);
        let token = gate.url().split_once("token=").unwrap().1.to_owned();
        assert!(gate.has_token(Some(&format!("token={token}"))));
        assert!(!gate.has_token(Some("token=")));
        assert!(!gate.has_token(None));
        let cookie = format!("other=1; dhc={}", gate.cookie);
        assert!(gate.has_cookie(&headers(header::COOKIE, &cookie)));
        assert!(!gate.has_cookie(&headers(header::COOKIE, &format!("dhc={token}"))));
    }
}
