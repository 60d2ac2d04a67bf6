use base64::{Engine, prelude::BASE64_STANDARD};
use prost::Message;
use serde_json::{Value, json};

use super::Args;
use crate::{
    rpc::RpcError,
    store::Snapshot,
    trees::{State, StoreName},
};

/// Codes of the Cosmos SDK's root codespace.
const UNKNOWN_REQUEST: u32 = 6;
const INVALID_REQUEST: u32 = 18;
const INVALID_HEIGHT: u32 = 26;

/// A query that the application refuses: an ordinary answer with a code.
struct Refused {
    code: u32,
    log: String,
}

/// `abci_query` of `/store/<name>/key`: the value at a height and, if asked for, the proof under
/// the app hash that the header after that height carries.
pub(super) fn answer(snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
    let path = args.text("path")?.unwrap_or_default();
    let key = args.hex("data")?;
    let head = snapshot.head()?;
    let height = match args.height()? {
        None | Some(0) => head,
        Some(height) => height,
    };
    let response = match find(snapshot, path, height, head, args.flag("prove")?)? {
        Ok((store, state, prove)) => {
            let (value, ops) = if prove {
                let proven = state.prove(store, &key)?;
                let op = |kind: &str, key: &[u8], data: Vec<u8>| {
                    json!({
                        "type": kind,
                        "key": BASE64_STANDARD.encode(key),
                        "data": BASE64_STANDARD.encode(data),
                    })
                };
                let ops = json!({ "ops": [
                    op("ics23:jmt", &key, proven.in_store.encode_to_vec()),
                    op("ics23:simple", store.name().as_bytes(), proven.in_multistore.encode_to_vec()),
                ]});
                (proven.value, ops)
            } else {
                (state.get(store, &key)?, Value::Null)
            };
            json!({
                "code": 0, "log": "", "info": "", "index": "0",
                "key": BASE64_STANDARD.encode(&key),
                "value": value.map(|value| BASE64_STANDARD.encode(value)),
                "proofOps": ops,
                "height": height.to_string(),
                "codespace": "",
            })
        }
        Err(Refused { code, log }) => json!({
            "code": code, "log": log, "info": "", "index": "0",
            "key": null, "value": null, "proofOps": null,
            "height": height.to_string(),
            "codespace": "sdk",
        }),
    };
    Ok(json!({ "response": response }))
}

type Found<'a> = (StoreName, State<'a>, bool);

/// Refuses in the Cosmos SDK's words.
fn find<'a>(
    snapshot: &'a Snapshot,
    path: &str,
    height: u64,
    head: u64,
    prove: bool,
) -> Result<Result<Found<'a>, Refused>, RpcError> {
    let refused = |code, log: String| Ok(Err(Refused { code, log }));
    let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
    let &["store", name, "key"] = parts.as_slice() else {
        return refused(
            UNKNOWN_REQUEST,
            format!("unknown query path: {path}: unknown request"),
        );
    };
    let Some(store) = StoreName::from_name(name) else {
        return refused(
            UNKNOWN_REQUEST,
            format!("no such store: {name}: unknown request"),
        );
    };
    if height > head {
        return refused(
            INVALID_HEIGHT,
            "cannot query with height in the future; please provide a valid height: invalid height"
                .to_owned(),
        );
    }
    match State::at(snapshot, height)? {
        Some(state) => Ok(Ok((store, state, prove))),
        None => refused(
            INVALID_REQUEST,
            "proof is unexpectedly empty; ensure height has not been pruned: invalid request"
                .to_owned(),
        ),
    }
}
