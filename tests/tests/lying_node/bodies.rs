//! Answers that are none: endless, cut, deep, compressed, slow, misdirected.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    lie::{Ask, Ends, Told, UNAVAILABLE, UNREACHABLE, UNTRUSTED, comet, tell_all},
    proxy::{Call, Lie},
    wire::{Wire, http, ok, terabyte},
    world::World,
};

/// The beginning of an answer, up to its result.
pub fn begun(call: &Call) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":", call.id)
}

/// `result` in an answer to the call.
fn with_result(call: &Call, result: &str) -> Vec<u8> {
    ok(format!("{}{result}}}", begun(call)))
}

/// A chunk of 64 letters.
const CHUNK: &[u8] = b"40\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";

const GZIP: &str = "content-encoding: gzip\r\n";

/// The beginning of a gzip stream (RFC 1952): ten bytes of head, then a block of deflate with fixed
/// codes (RFC 1951, 3.2.6) and a few letters, up to a byte's edge. Of what follows, again and
/// again, thirteen bytes are two thousand letters.
fn gzip_head(_: &Call) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    // The last block, of fixed codes; a letter of eight bits, letters of nine.
    let mut bits = vec![1, 1, 0];
    bits.extend(huffman(0x50, 8));
    while !bits.len().is_multiple_of(8) {
        bits.extend(huffman(0x190, 9));
    }
    terabyte(GZIP, &[&head[..], &bytes(&bits)].concat())
}

/// Eight times: the last letter 258 times more (length code 285, eight bits; distance code 0, five
/// bits).
const GZIP_PERIOD: [u8; 13] = gzip_period();

const fn gzip_period() -> [u8; 13] {
    let code = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    let mut period = [0; 13];
    let mut bit = 0;
    while bit < 104 {
        period[bit / 8] |= code[bit % 13] << (bit % 8);
        bit += 1;
    }
    period
}

fn huffman(code: u32, length: u32) -> impl Iterator<Item = u8> {
    (0..length)
        .rev()
        .map(move |bit| u8::from(code >> bit & 1 == 1))
}

fn bytes(bits: &[u8]) -> Vec<u8> {
    let byte = |bits: &[u8]| bits.iter().enumerate().map(|(n, bit)| bit << n).sum();
    bits.chunks(8).map(byte).collect()
}

pub fn of_size() -> Vec<(&'static str, Ends, Lie)> {
    vec![
        (
            "a text without an end",
            UNTRUSTED,
            Lie::Wire(Wire::Endless(
                |call| terabyte("", format!("{}\"", begun(call)).as_bytes()),
                b"a",
            )),
        ),
        (
            "a list without an end",
            UNTRUSTED,
            Lie::Wire(Wire::Endless(
                |call| terabyte("", format!("{}[{{}}", begun(call)).as_bytes()),
                b",{}",
            )),
        ),
        (
            "white space without an end",
            UNTRUSTED,
            Lie::Wire(Wire::Endless(
                |call| terabyte("", begun(call).as_bytes()),
                b" ",
            )),
        ),
        (
            "headers without an end",
            UNREACHABLE,
            Lie::Wire(Wire::Endless(
                |_| b"HTTP/1.1 200 OK\r\n".to_vec(),
                b"x-more: and more\r\n",
            )),
        ),
        (
            "one header without an end",
            UNREACHABLE,
            Lie::Wire(Wire::Endless(
                |_| b"HTTP/1.1 200 OK\r\nx-more: ".to_vec(),
                b"and more ",
            )),
        ),
        (
            "interim answers without an end",
            UNREACHABLE,
            Lie::Wire(Wire::Endless(
                |_| Vec::new(),
                b"HTTP/1.1 103 Early Hints\r\n\r\n",
            )),
        ),
        (
            "chunks without an end",
            UNTRUSTED,
            Lie::Wire(Wire::Endless(
                |_| b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
                CHUNK,
            )),
        ),
        (
            "a gzip bomb",
            UNTRUSTED,
            Lie::Wire(Wire::Endless(gzip_head, &GZIP_PERIOD)),
        ),
        (
            "gzip that is none",
            UNREACHABLE,
            Lie::Wire(Wire::Once(|_, truth| {
                http("200 OK", GZIP, truth.as_bytes())
            })),
        ),
        (
            "an id of a million numbers",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, _| {
                ok(format!(
                    "{{\"id\":[0{}],\"result\":null}}",
                    ",0".repeat(1_000_000)
                ))
            })),
        ),
        (
            "a hundred thousand brackets",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|call, _| {
                with_result(
                    call,
                    &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
                )
            })),
        ),
        (
            "brackets that never close",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, _| ok("[".repeat(1_000_000)))),
        ),
        (
            "a header of a hundred thousand brackets",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|call, _| {
                let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
                with_result(
                    call,
                    &format!("{{\"signed_header\":{{\"header\":{deep}}}}}"),
                )
            })),
        ),
    ]
}

fn of_form() -> Vec<(&'static str, Ends, Lie)> {
    vec![
        (
            "an answer cut off in its middle",
            UNREACHABLE,
            Lie::Wire(Wire::Once(|_, truth| {
                let mut whole = ok(truth);
                whole.truncate(whole.len() - truth.len() / 2);
                whole
            })),
        ),
        (
            "half an answer for a whole one",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, truth| ok(&truth[..truth.len() / 2]))),
        ),
        ("no body", UNTRUSTED, Lie::Wire(Wire::Once(|_, _| ok("")))),
        (
            "a page for people",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, _| ok("<html>log in</html>"))),
        ),
        (
            "bytes that are no text",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, _| ok([0xff, 0xfe, 0]))),
        ),
        (
            "a null",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, _| ok("null"))),
        ),
        (
            "a batch for one answer",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, truth| ok(format!("[{truth}]")))),
        ),
        (
            "two answers",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|_, truth| ok(format!("{truth}{truth}")))),
        ),
        (
            "one field twice",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|call, truth| {
                ok(truth.replacen('{', &format!("{{\"id\":{},", call.id), 1))
            })),
        ),
        (
            "no result",
            UNTRUSTED,
            Lie::Wire(Wire::Once(|call, _| with_result(call, "null"))),
        ),
        (
            "another request's id",
            UNTRUSTED,
            Lie::Answer(|_, a| {
                a["id"] = json!(99_999);
                true
            }),
        ),
        (
            "a text for an id",
            UNTRUSTED,
            Lie::Answer(|_, a| {
                a["id"] = json!(a["id"].to_string());
                true
            }),
        ),
        (
            "no id",
            UNTRUSTED,
            Lie::Answer(|_, a| {
                a["id"] = Value::Null;
                true
            }),
        ),
        (
            "an error for another request",
            UNTRUSTED,
            Lie::Answer(|_, a| {
                *a = json!({"jsonrpc": "2.0", "id": 99_999, "error": {"code": 1, "message": "no"}});
                true
            }),
        ),
        (
            "an error of a million nothings",
            UNAVAILABLE,
            Lie::Answer(|_, a| {
                *a = json!({"jsonrpc": "2.0", "id": a["id"],
                "error": {"code": 1, "message": "no", "data": vec![Value::Null; 500_000]}});
                true
            }),
        ),
    ]
}

pub fn of_ways() -> Vec<(&'static str, Ends, Lie)> {
    vec![
        (
            "a redirect to a true node",
            UNREACHABLE,
            Lie::Wire(Wire::Redirect("302 Found")),
        ),
        (
            "a redirect that keeps the question",
            UNREACHABLE,
            Lie::Wire(Wire::Redirect("308 Permanent Redirect")),
        ),
        (
            "a refusal of HTTP",
            UNREACHABLE,
            Lie::Wire(Wire::Once(|_, truth| {
                http("403 Forbidden", "", truth.as_bytes())
            })),
        ),
        (
            "a failure of HTTP",
            UNREACHABLE,
            Lie::Wire(Wire::Once(|_, _| http("502 Bad Gateway", "", b"<html>"))),
        ),
        (
            "the talk of another protocol",
            UNREACHABLE,
            Lie::Wire(Wire::Once(|_, _| b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
        ),
        (
            "a connection that closes",
            UNREACHABLE,
            Lie::Wire(Wire::Once(|_, _| Vec::new())),
        ),
        (
            "a change of protocol",
            UNREACHABLE,
            Lie::Wire(Wire::Once(|_, _| {
                b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"
                    .to_vec()
            })),
        ),
        ("silence", UNREACHABLE, Lie::Wire(Wire::Silence)),
        (
            "a byte every tenth of a second",
            UNREACHABLE,
            Lie::Wire(Wire::Drip(Duration::from_millis(100))),
        ),
        (
            "four seconds for each answer",
            UNREACHABLE,
            Lie::Wire(Wire::Late(Duration::from_secs(4))),
        ),
        (
            "a second for each answer",
            Ends::Truth,
            Lie::Wire(Wire::Late(Duration::from_secs(1))),
        ),
    ]
}

pub fn all() -> Vec<Told> {
    // The slow ones first: the others pass them.
    let lies = [of_ways(), of_size(), of_form()].into_iter().flatten();
    lies.map(|(what, ends, lie)| comet(what, Ask::Balance, ends, lie))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_does_no_harm() {
    tell_all(&World::start().await, all()).await;
}
