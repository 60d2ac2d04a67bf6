use std::time::Duration;

use async_trait::async_trait;
use dhc_chain::ports::{Transport, TransportError};
use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};

/// To connect.
const CONNECT: Duration = Duration::from_secs(4);
/// For a whole answer, so that a node that drips bytes holds nobody up.
const ANSWER: Duration = Duration::from_secs(15);
/// More than a full block in base64; what is larger is cut off unread.
const MAX_BODY: usize = 48 * 1024 * 1024;

/// One endpoint over HTTP or HTTPS. Redirects are not followed; answers are bounded in time and
/// size. A loopback endpoint is never asked through a proxy.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    url: Url,
    endpoint: String,
    client: Client,
    max_body: usize,
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
            .timeout(ANSWER)
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
            max_body: MAX_BODY,
        })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    fn endpoint(&self) -> &str {
        &self.endpoint
    }

    async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, TransportError> {
        let request = self
            .client
            .post(self.url.clone())
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
            if answer.len() + chunk.len() > self.max_body {
                return Err(TransportError::TooLarge);
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_server_error() && !answer.trim_ascii_start().starts_with(b"{") {
            return Err(TransportError::Status(status.as_u16()));
        }
        Ok(answer)
    }
}

fn is_loopback(url: &Url) -> bool {
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

    async fn post(answer: Vec<u8>, max_body: usize) -> Result<Vec<u8>, TransportError> {
        let mut transport = HttpTransport::new(&answering(answer).await).expect("an address");
        transport.max_body = max_body;
        transport.post(b"{}".to_vec()).await
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
    fn an_endpoints_name_says_nothing_of_its_key() {
        let transport =
            HttpTransport::new("https://user:secret@rpc.example/v1/key?x=y").expect("an address");
        assert_eq!(transport.endpoint(), "https://rpc.example");
        assert!(HttpTransport::new("file:///etc/passwd").is_err());
        assert!(HttpTransport::new("rpc.example").is_err());
    }
}
