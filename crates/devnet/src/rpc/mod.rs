//! JSON-RPC 2.0 over HTTP, for loopback clients only: a web page elsewhere cannot reach it, even
//! by making its name resolve to this machine.

pub(crate) mod comet;
pub(crate) mod ethereum;
mod server;

use serde_json::{Map, Value, json};

pub(crate) use server::{Style, serve};

use crate::{node::NodeError, store::StoreError};

pub(crate) const PARSE_ERROR: i64 = -32_700;
pub(crate) const INVALID_REQUEST: i64 = -32_600;
pub(crate) const METHOD_NOT_FOUND: i64 = -32_601;
pub(crate) const INVALID_PARAMS: i64 = -32_602;
pub(crate) const INTERNAL_ERROR: i64 = -32_603;

/// What a method answers where it cannot do what it is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl RpcError {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// go-ethereum's words for a method that is not there.
    pub(crate) fn no_method(method: &str) -> Self {
        Self::new(
            METHOD_NOT_FOUND,
            format!("the method {method} does not exist/is not available"),
        )
    }

    pub(crate) fn with_data(mut self, data: impl Into<Value>) -> Self {
        self.data = Some(data.into());
        self
    }

    fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let (Some(data), Some(fields)) = (&self.data, error.as_object_mut()) {
            fields.insert("data".to_owned(), data.clone());
        }
        error
    }
}

impl From<StoreError> for RpcError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request could not be answered");
        Self::new(INTERNAL_ERROR, "Internal error").with_data(error.to_string())
    }
}

impl From<NodeError> for RpcError {
    fn from(error: NodeError) -> Self {
        tracing::error!(%error, "a request could not be answered");
        Self::new(INTERNAL_ERROR, "Internal error").with_data(error.to_string())
    }
}

/// The parameters of a request, by name or by position.
pub(crate) enum Params {
    Named(Map<String, Value>),
    Listed(Vec<Value>),
}

impl Params {
    fn from_json(value: Option<Value>) -> Option<Self> {
        match value {
            None | Some(Value::Null) => Some(Self::Listed(Vec::new())),
            Some(Value::Array(list)) => Some(Self::Listed(list)),
            Some(Value::Object(named)) => Some(Self::Named(named)),
            Some(_) => None,
        }
    }
}

/// A set of methods.
pub(crate) trait Methods: Send + Sync + 'static {
    fn call(&self, method: &str, params: Params) -> Result<Value, RpcError>;
}

/// Answers one request of a body; `None` for a notification.
fn answer(methods: &dyn Methods, request: Value) -> Option<Value> {
    let Value::Object(mut request) = request else {
        return Some(failure(
            Value::Null,
            &RpcError::new(INVALID_REQUEST, "Invalid Request"),
        ));
    };
    let id = request.remove("id");
    let method = request.remove("method");
    let params = Params::from_json(request.remove("params"));
    let result = match (method, params) {
        (Some(Value::String(method)), Some(params)) => methods.call(&method, params),
        (Some(Value::String(_)), None) => Err(RpcError::new(INVALID_PARAMS, "Invalid params")),
        _ => Err(RpcError::new(INVALID_REQUEST, "Invalid Request")),
    };
    let id = id?;
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => failure(id, &error),
    })
}

fn failure(id: Value, error: &RpcError) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": error.to_json() })
}

/// Answers a body: one request, or several at once.
fn answer_body(methods: &dyn Methods, body: &[u8]) -> Option<Value> {
    /// Requests in one body.
    const BATCH: usize = 100;
    match serde_json::from_slice(body) {
        Err(_) => Some(failure(
            Value::Null,
            &RpcError::new(PARSE_ERROR, "Parse error"),
        )),
        Ok(Value::Array(batch)) if batch.is_empty() || batch.len() > BATCH => Some(failure(
            Value::Null,
            &RpcError::new(INVALID_REQUEST, "Invalid Request"),
        )),
        Ok(Value::Array(batch)) => {
            let answers: Vec<_> = batch
                .into_iter()
                .filter_map(|request| answer(methods, request))
                .collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(request) => answer(methods, request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    impl Methods for Echo {
        fn call(&self, method: &str, params: Params) -> Result<Value, RpcError> {
            match (method, params) {
                ("echo", Params::Listed(list)) => Ok(Value::Array(list)),
                _ => Err(RpcError::new(METHOD_NOT_FOUND, "Method not found")),
            }
        }
    }

    fn body(text: &str) -> Value {
        answer_body(&Echo, text.as_bytes()).unwrap_or(Value::Null)
    }

    #[test]
    fn requests_are_answered_one_by_one_or_together() {
        assert_eq!(
            body(r#"{"jsonrpc":"2.0","id":7,"method":"echo","params":[1]}"#),
            json!({"jsonrpc":"2.0","id":7,"result":[1]})
        );
        let both = body(r#"[{"id":1,"method":"echo"},{"method":"echo"},{"id":"x","method":"no"}]"#);
        assert_eq!(both.as_array().unwrap().len(), 2);
        assert_eq!(both[1]["error"]["code"], METHOD_NOT_FOUND);
        assert_eq!(body("{")["error"]["code"], PARSE_ERROR);
        assert_eq!(body("[]")["error"]["code"], INVALID_REQUEST);
        assert_eq!(body("7")["error"]["code"], INVALID_REQUEST);
        assert_eq!(
            body(r#"{"id":1,"method":"echo","params":7}"#)["error"]["code"],
            INVALID_PARAMS
        );
        assert_eq!(body(r#"{"method":"echo"}"#), Value::Null);
    }
}
