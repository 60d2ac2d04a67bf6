//! Lies below JSON: bytes that are no answer.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::proxy::Call;

/// What a connection is answered with, instead of the truth.
#[derive(Clone, Copy)]
pub enum Wire {
    /// These bytes, made from the question and the true answer; then it closes.
    Once(fn(&Call, &str) -> Vec<u8>),
    /// These bytes in answer to one method only, of which the true node learns nothing.
    OnceTo(&'static str, fn(&Call) -> Vec<u8>),
    /// This beginning, and then the same bytes for as long as somebody reads.
    Endless(fn(&Call) -> Vec<u8>, &'static [u8]),
    /// The same in answer to one method only.
    EndlessTo(&'static str, fn(&Call) -> Vec<u8>, &'static [u8]),
    /// The truth, a byte at a time.
    Drip(Duration),
    /// The truth, after this time.
    Late(Duration),
    /// Sends the client on to the true node, with this status.
    Redirect(&'static str),
    /// Nothing, and the connection stays.
    Silence,
}

impl Wire {
    pub fn concerns(&self, call: &Call) -> bool {
        match self {
            Self::OnceTo(method, ..) | Self::EndlessTo(method, ..) => call.is(method),
            _ => true,
        }
    }

    pub fn needs_truth(&self) -> bool {
        matches!(self, Self::Once(_) | Self::Drip(_) | Self::Late(_))
    }
}

/// An answer with this status line and body.
pub fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

pub fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    http("200 OK", "", body.as_ref())
}

/// The beginning of an answer that says to be a terabyte long.
pub fn terabyte(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// `None` when the connection is at its end, as it always is afterwards.
pub async fn tell(
    wire: Wire,
    call: &Call,
    truth: &str,
    true_node: &str,
    stream: &mut TcpStream,
) -> Option<()> {
    match wire {
        Wire::Redirect(status) => {
            let headers = format!("location: {true_node}/\r\n");
            stream.write_all(&http(status, &headers, b"")).await.ok()?;
            stream.shutdown().await.ok()?;
        }
        Wire::Once(bytes) => {
            stream.write_all(&bytes(call, truth)).await.ok()?;
            stream.shutdown().await.ok()?;
        }
        Wire::OnceTo(_, bytes) => {
            stream.write_all(&bytes(call)).await.ok()?;
            stream.shutdown().await.ok()?;
        }
        Wire::Endless(begin, again) | Wire::EndlessTo(_, begin, again) => {
            stream.write_all(&begin(call)).await.ok()?;
            let much = again.repeat(1 + (64 << 10) / again.len());
            loop {
                stream.write_all(&much).await.ok()?;
            }
        }
        Wire::Drip(every) => {
            let mut drops = tokio::time::interval(every);
            for byte in ok(truth) {
                drops.tick().await;
                stream.write_all(&[byte]).await.ok()?;
            }
        }
        Wire::Late(after) => {
            let mut late = tokio::time::interval(after);
            // The first tick is at once.
            late.tick().await;
            late.tick().await;
            stream.write_all(&ok(truth)).await.ok()?;
            stream.shutdown().await.ok()?;
        }
        Wire::Silence => std::future::pending::<()>().await,
    }
    None
}
