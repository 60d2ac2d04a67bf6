//! A service of the IPFS Pinning Service API before a Kubo: what the specification asks of one,
//! for one person.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use dhc_tests::kubo::Kubo;
use serde_json::{Value, json};

struct Shared {
    kubo: Kubo,
    token: &'static str,
    /// The bodies of the requests to pin.
    asked: Mutex<Vec<Value>>,
}

/// Serves until the test's process ends.
pub struct Service {
    shared: Arc<Shared>,
    url: String,
}

impl Service {
    pub fn start(kubo: Kubo, token: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/psa", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            kubo,
            token,
            asked: Mutex::default(),
        });
        let serving = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (serving, stream) = (serving.clone(), stream.unwrap());
                thread::spawn(move || serving.serve(stream));
            }
        });
        Self { shared, url }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn kubo(&self) -> &Kubo {
        &self.shared.kubo
    }

    pub fn asked(&self) -> Vec<Value> {
        self.shared.asked.lock().unwrap().clone()
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let header = |name: &str| {
            let found = lines.iter().skip(1).filter_map(|l| l.split_once(": "));
            let mut found = found.filter(|(n, _)| n.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.to_owned())
        };
        let length = header("content-length").and_then(|n| n.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let bearer = format!("Bearer {}", self.token);
        let (status, answer) = if header("authorization") == Some(bearer) {
            self.answer(&lines[0], &body)
        } else {
            let error = json!({"error": {"reason": "UNAUTHORIZED", "details": "who are you?"}});
            ("401 Unauthorized", error)
        };
        let answer = answer.to_string();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{answer}",
            answer.len()
        );
    }

    fn answer(&self, line: &str, body: &[u8]) -> (&'static str, Value) {
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match (method, path.strip_prefix("/psa/pins")) {
            ("POST", Some("")) => {
                let asked: Value = serde_json::from_slice(body).unwrap();
                let cid = asked["cid"].as_str().unwrap().to_owned();
                for origin in asked["origins"].as_array().unwrap() {
                    let (address, peer) = origin.as_str().unwrap().split_once("/p2p/").unwrap();
                    self.kubo.connect(address, peer);
                }
                self.asked.lock().unwrap().push(asked);
                // Answers before it has fetched, as services do.
                let found = self.request(&cid, "queued");
                self.kubo.start_pinning(&cid);
                ("202 Accepted", found)
            }
            ("GET", Some("")) => {
                let cid = query.split('&').find_map(|p| p.strip_prefix("cid="));
                let cid = cid.unwrap_or_default();
                let known = |a: &Value| a["cid"] == *cid;
                let asked = self.asked.lock().unwrap().iter().any(known);
                let results = match (asked, asked && self.kubo.has_pinned(cid)) {
                    (true, true) => json!([self.request(cid, "pinned")]),
                    (true, false) => json!([self.request(cid, "pinning")]),
                    _ => json!([]),
                };
                let count = results.as_array().unwrap().len();
                ("200 OK", json!({"count": count, "results": results}))
            }
            ("DELETE", Some(id)) => {
                let cid = id.trim_start_matches("/request-");
                self.kubo.run(&["pin", "rm", cid]);
                self.asked.lock().unwrap().retain(|a| a["cid"] != *cid);
                ("202 Accepted", json!({}))
            }
            _ => ("404 Not Found", json!({"error": {"reason": "NOT_FOUND"}})),
        }
    }

    fn request(&self, cid: &str, status: &str) -> Value {
        let (_, delegates) = self.kubo.here();
        json!({
            "requestid": format!("request-{cid}"),
            "status": status,
            "created": "2026-11-23T00:00:00Z",
            "pin": {"cid": cid},
            "delegates": delegates,
        })
    }
}
