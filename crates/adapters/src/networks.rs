//! Connecting to a network over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use dhc_app::ports::{NetworkServices, Networks, ServiceError};
use dhc_chain::{Chain, ConfigError, Endpoints, HeaderStore, Transport, TransportError};
use dhc_domain::NetworkFile;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{clock::SystemClock, rpc::HttpTransport};

/// Networks whose nodes are asked over HTTP. Every connection has its own clients, so that a
/// node cannot tell by them that two profiles are on one machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpNetworks;

impl Networks for HttpNetworks {
    fn connect(
        &self,
        network: &NetworkFile,
        headers: Arc<dyn HeaderStore>,
    ) -> Result<(Arc<Chain>, Arc<dyn NetworkServices>), ConfigError> {
        let endpoints = Endpoints {
            comet: transports(&network.rpc)?,
            evm: transports(&network.evm)?,
            witnesses: transports(&network.witnesses)?,
        };
        let services = Operators {
            endpoints: transports(&network.evm)?,
        };
        let chain = Chain::new(network.clone(), endpoints, headers, Arc::new(SystemClock))?;
        Ok((Arc::new(chain), Arc::new(services)))
    }
}

fn transports(urls: &[String]) -> Result<Vec<Arc<dyn Transport>>, ConfigError> {
    let transport = |url: &String| -> Result<Arc<dyn Transport>, ConfigError> {
        Ok(Arc::new(
            HttpTransport::new(url).map_err(|_| ConfigError::NoEndpoint)?,
        ))
    };
    urls.iter().map(transport).collect()
}

/// The operators' methods, which stand beside the Ethereum ones.
struct Operators {
    endpoints: Vec<Arc<dyn Transport>>,
}

/// The longest answer of an operator that is read, bytes.
const ANSWER: usize = 1 << 20;
/// Each request has a connection's answer to itself.
const ID: u64 = 1;

/// A JSON-RPC 2.0 response.
#[derive(Deserialize)]
struct Response {
    id: u64,
    result: Option<Value>,
    error: Option<ErrorObject>,
}

#[derive(Deserialize)]
struct ErrorObject {
    message: String,
}

#[async_trait]
impl NetworkServices for Operators {
    /// Asks one endpoint after the other until one can be reached.
    async fn call(&self, method: &str, params: Value) -> Result<Value, ServiceError> {
        let request = json!({"jsonrpc": "2.0", "id": ID, "method": method, "params": params});
        let mut unreachable = ServiceError::Unreachable("the network names no endpoint".into());
        for endpoint in &self.endpoints {
            match endpoint
                .post(request.to_string().into_bytes(), ANSWER)
                .await
            {
                Ok(body) => return read(&body),
                Err(TransportError::Status(status)) => {
                    return Err(ServiceError::Refused(format!("HTTP status {status}")));
                }
                Err(error) => unreachable = ServiceError::Unreachable(error.to_string()),
            }
        }
        Err(unreachable)
    }
}

fn read(body: &[u8]) -> Result<Value, ServiceError> {
    let response: Response = serde_json::from_slice(body)
        .map_err(|_| ServiceError::Refused("the answer is not JSON-RPC".into()))?;
    if response.id != ID {
        return Err(ServiceError::Refused(
            "the answer is another request's".into(),
        ));
    }
    match (response.error, response.result) {
        (Some(error), _) => Err(ServiceError::Refused(error.message)),
        // `null` is a result.
        (None, result) => Ok(result.unwrap_or(Value::Null)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_refusals_are_told_apart() {
        let result = read(br#"{"jsonrpc":"2.0","id":1,"result":{"tx":"0x01"}}"#).unwrap();
        assert_eq!(result["tx"], "0x01");
        assert_eq!(
            read(br#"{"jsonrpc":"2.0","id":1,"result":null}"#).unwrap(),
            Value::Null
        );
        let refused = read(
            br#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"method not found"}}"#,
        );
        assert!(matches!(refused, Err(ServiceError::Refused(text)) if text == "method not found"));
        assert!(matches!(read(b"<html>"), Err(ServiceError::Refused(_))));
        let anothers = read(br#"{"jsonrpc":"2.0","id":2,"result":null}"#);
        assert!(matches!(anothers, Err(ServiceError::Refused(_))));
    }

    /// Answers as it is told to.
    struct Canned(Result<&'static str, TransportError>);

    #[async_trait]
    impl Transport for Canned {
        fn endpoint(&self) -> &str {
            "canned"
        }

        async fn post(&self, body: Vec<u8>, _most: usize) -> Result<Vec<u8>, TransportError> {
            let request: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                request,
                json!({"jsonrpc": "2.0", "id": 1, "method": "dhc_fund", "params": ["0x1"]})
            );
            self.0.clone().map(|answer| answer.as_bytes().to_vec())
        }
    }

    async fn call(endpoints: Vec<Canned>) -> Result<Value, ServiceError> {
        let endpoints = endpoints
            .into_iter()
            .map(|canned| Arc::new(canned) as Arc<dyn Transport>)
            .collect();
        Operators { endpoints }
            .call("dhc_fund", json!(["0x1"]))
            .await
    }

    #[tokio::test]
    async fn the_first_endpoint_that_answers_is_heard() {
        let down = || Canned(Err(TransportError::TimedOut));
        assert_eq!(
            call(vec![down(), Canned(Ok(r#"{"id":1,"result":7}"#))])
                .await
                .unwrap(),
            7
        );
        assert!(matches!(
            call(vec![down()]).await,
            Err(ServiceError::Unreachable(_))
        ));
        assert!(matches!(
            call(vec![]).await,
            Err(ServiceError::Unreachable(_))
        ));
        let forbidden = Canned(Err(TransportError::Status(403)));
        assert!(matches!(
            call(vec![forbidden]).await,
            Err(ServiceError::Refused(_))
        ));
    }
}
