use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use dhc_chain::ports::{Transport, TransportError};
use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};

/// To connect.
const CONNECT: Duration = Duration::from_secs(4);

/// How long an endpoint may keep us waiting: eight seconds at once, for a whole answer or for the
/// sum of several, and a tenth of the time after that. A node that drips bytes, or is slow with
/// each of many answers, holds nobody up.
#[derive(Debug)]
struct Patience {
    left: Duration,
    /// Until when waiting is counted, so that answers awaited side by side count once.
    counted: Instant,
    regained: Instant,
}

impl Patience {
    const MOST: Duration = Duration::from_secs(8);
    /// So much is always given: patience is lost on slow links, too.
    const LEAST: Duration = Duration::from_secs(2);
    /// An answer within this time costs nothing.
    const FREE: Duration = Duration::from_millis(500);
    const REGAINED: u32 = 10;

    fn new(now: Instant) -> Self {
        Self {
            left: Self::MOST,
            counted: now,
            regained: now,
        }
    }

    /// For the answer to a question put at `now`.
    fn for_one(&mut self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.regained);
        self.left = Self::MOST.min(self.left + since / Self::REGAINED);
        self.regained = now;
        self.left.max(Self::LEAST)
    }

    fn waited(&mut self, asked: Instant, now: Instant) {
        let from = self.counted.max(asked + Self::FREE);
        let waited = now.saturating_duration_since(from);
        self.left = self.left.saturating_sub(waited);
        self.counted = self.counted.max(now);
    }
}

/// One endpoint over HTTP or HTTPS. Redirects are not followed; answers are bounded in time and
/// size. A loopback endpoint is never asked through a proxy.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    url: Url,
    endpoint: String,
    client: Client,
    patience: Arc<Mutex<Patience>>,
}

impl HttpTransport {
    /// # Errors
    /// `Unreachable` where the text is no HTTP address.
    pub fn new(url: &str) -> Result<Self, TransportError> {
        let malformed = |what: String| TransportError::Unreachable(what);
        let url = Url::parse(url).map_err(|_| malformed("not a web address".into()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(malformed("neither http nor https".into()));
        }
        let mut client = Client::builder()
            .connect_timeout(CONNECT)
            .redirect(Policy::none())
            .user_agent("dhc");
        if is_loopback(&url) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|e| malformed(e.to_string()))?;
        // Paths and queries of endpoints hold people's access keys; statuses and evidence do not.
        let endpoint = url.origin().ascii_serialization();
        Ok(Self {
            url,
            endpoint,
            client,
            patience: Arc::new(Mutex::new(Patience::new(Instant::now()))),
        })
    }

    /// The answer's body, cut off unread where it is longer than `most`.
    async fn ask(
        &self,
        body: Vec<u8>,
        most: usize,
        patience: Duration,
    ) -> Result<Vec<u8>, TransportError> {
        let request = self
            .client
            .post(self.url.clone())
            .timeout(patience)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        // CometBFT sends JSON-RPC errors with status 500; their body says what is wrong.
        if !status.is_success() && !status.is_server_error() {
            return Err(TransportError::Status(status.as_u16()));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if answer.len() + chunk.len() > most {
                return Err(TransportError::TooLarge);
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_server_error() && !answer.trim_ascii_start().starts_with(b"{") {
            return Err(TransportError::Status(status.as_u16()));
        }
        Ok(answer)
    }

    fn patience<T>(&self, f: impl FnOnce(&mut Patience) -> T) -> T {
        f(&mut self.patience.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    fn endpoint(&self) -> &str {
        &self.endpoint
    }

    async fn post(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError> {
        let asked = Instant::now();
        let patience = self.patience(|p| p.for_one(asked));
        let answer = self.ask(body, most, patience).await;
        self.patience(|p| p.waited(asked, Instant::now()));
        answer
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// Without the address: reqwest's text repeats it, key and all.
fn failed(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::TimedOut;
    }
    let mut text = error.without_url().to_string();
    text.truncate(text.floor_char_boundary(200));
    TransportError::Unreachable(text)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Answers one request with the given bytes and closes.
    async fn answering(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            if let Ok((mut socket, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(&answer).await;
            }
        });
        format!("http://{address}/")
    }

    fn response(status: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .into_bytes()
    }

    async fn post(answer: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError> {
        let transport = HttpTransport::new(&answering(answer).await).expect("an address");
        transport.post(b"{}".to_vec(), most).await
    }

    #[tokio::test]
    async fn answers_come_back_as_they_are() {
        assert_eq!(
            post(response("200 OK", "{\"a\":1}"), 100).await,
            Ok(b"{\"a\":1}".to_vec())
        );
        // As CometBFT reports an error.
        let error = response("500 Internal Server Error", "{\"error\":{}}");
        assert_eq!(post(error, 100).await, Ok(b"{\"error\":{}}".to_vec()));
    }

    #[tokio::test]
    async fn what_is_no_answer_is_refused() {
        let redirect =
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                .to_vec();
        assert_eq!(post(redirect, 100).await, Err(TransportError::Status(302)));
        assert_eq!(
            post(response("502 Bad Gateway", "<html>"), 100).await,
            Err(TransportError::Status(502))
        );
        assert_eq!(
            post(response("200 OK", &"x".repeat(101)), 100).await,
            Err(TransportError::TooLarge)
        );
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_vec();
        assert!(matches!(
            post(cut, 1000).await,
            Err(TransportError::Unreachable(_))
        ));
    }

    #[test]
    fn patience_is_used_up_and_comes_back() {
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let at = |s: u32| start + second * s;
        let mut patience = Patience::new(start);
        assert_eq!(patience.for_one(start), Patience::MOST);
        // Six and a half seconds of waiting, half a second of them free.
        patience.waited(start, start + Duration::from_millis(6_500));
        // Asked beside the first: no waiting of its own.
        patience.waited(start, at(6));
        patience.regained = at(7);
        assert_eq!(patience.for_one(at(7)), second * 2);
        patience.waited(at(7), at(20));
        patience.regained = at(20);
        assert_eq!(patience.for_one(at(20)), Patience::LEAST);
        assert_eq!(patience.for_one(at(70)), second * 5);
        patience.waited(at(70), at(70));
        assert_eq!(patience.for_one(at(1_000)), Patience::MOST);
    }

    #[test]
    fn an_endpoints_name_says_nothing_of_its_key() {
        let transport =
            HttpTransport::new("https://user:secret@rpc.example/v1/key?x=y").expect("an address");
        assert_eq!(transport.endpoint(), "https://rpc.example");
        assert!(HttpTransport::new("file:///etc/passwd").is_err());
        assert!(HttpTransport::new("rpc.example").is_err());
    }
}
