//! Requests to a service: bounded in time and size, with its token and without redirects.

use std::time::Duration;

use dhc_app::ports::{PinError, PinService};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::rpc::is_loopback;

const CONNECT: Duration = Duration::from_secs(5);
/// For an answer to begin, or to go on.
const SILENCE: Duration = Duration::from_secs(30);
/// For a question that needs no work.
pub(super) const ANSWER: Duration = Duration::from_secs(30);
/// The longest answer that is read, bytes.
const MOST: usize = 1 << 20;
/// Of a refusal's text, what is passed on.
const REFUSAL: usize = 200;

pub(super) struct Web {
    client: Client,
    base: Url,
    authorization: Option<HeaderValue>,
}

impl Web {
    pub fn new(service: &PinService) -> Result<Self, PinError> {
        let refused = |what: &str| PinError::Refused(what.to_owned());
        let base = Url::parse(&service.url).map_err(|_| refused("its address is none"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(refused("its address is neither http nor https"));
        }
        if service.token.is_some() && base.scheme() == "http" && !is_loopback(&base) {
            return Err(refused("a token goes over https only"));
        }
        let mut client = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(Policy::none())
            .user_agent("dhc");
        if is_loopback(&base) {
            client = client.no_proxy();
        }
        let authorization = service.token.as_deref().map(|token| authorization(token));
        Ok(Self {
            client: client.build().map_err(failed)?,
            base,
            authorization: authorization.transpose()?,
        })
    }

    /// A request to `path` under the service's address. The query's values are encoded.
    pub fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        // An address of a web scheme always has a path to append to.
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.request(method, url);
        match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        }
    }
}

/// The token as it stands where it names its scheme, else as a bearer's.
fn authorization(token: &str) -> Result<HeaderValue, PinError> {
    let token = token.trim();
    let whole = Zeroizing::new(match token.split_once(' ') {
        Some(("Basic" | "Bearer", _)) => token.to_owned(),
        _ => format!("Bearer {token}"),
    });
    let mut value = HeaderValue::from_str(&whole)
        .map_err(|_| PinError::Refused("its token has characters that no header takes".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(super) async fn send(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), PinError> {
    let response = request.send().await.map_err(failed)?;
    let status = response.status();
    Ok((status, body(response).await?))
}

async fn body(mut response: Response) -> Result<Vec<u8>, PinError> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if answer.len() + chunk.len() > MOST {
            return Err(PinError::Refused("its answer is too long".into()));
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

pub(super) fn json(body: &[u8]) -> Result<Value, PinError> {
    serde_json::from_slice(body).map_err(|_| PinError::Refused("its answer is no JSON".into()))
}

/// The refusal that a status and its body are.
pub(super) fn refusal(status: StatusCode, body: &[u8]) -> PinError {
    let said = serde_json::from_slice::<Value>(body).ok();
    let text = said.as_ref().and_then(|said| {
        let error = &said["error"];
        [&error["details"], &error["reason"], &said["Message"]]
            .into_iter()
            .find_map(Value::as_str)
    });
    let mut text = match text {
        Some(text) => format!("{}: {text}", status.as_u16()),
        None => format!("HTTP status {}", status.as_u16()),
    };
    text.retain(|c| !c.is_control());
    text.truncate(text.floor_char_boundary(REFUSAL));
    PinError::Refused(text)
}

/// Without the address, which may hold an access key.
pub(super) fn failed(error: reqwest::Error) -> PinError {
    let mut text = match error.is_timeout() {
        true => "no answer in time".to_owned(),
        false => error.without_url().to_string(),
    };
    text.truncate(text.floor_char_boundary(REFUSAL));
    PinError::Unreachable(text)
}
