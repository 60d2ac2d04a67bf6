//! The server that lies.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use dhc_adapters::rpc::HttpTransport;
use dhc_chain::Transport;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use crate::wire::{Wire, tell};

/// Room for any true answer.
const MOST: usize = 32 << 20;

/// One question of the client.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: Value,
    pub method: String,
    pub params: Value,
}

impl Call {
    /// The questions of one request, and whether it was a list.
    fn read(body: &[u8]) -> (Vec<Self>, bool) {
        match serde_json::from_slice(body).expect("the client asks in JSON") {
            Value::Array(questions) => (questions.into_iter().map(Self::of).collect(), true),
            question => (vec![Self::of(question)], false),
        }
    }

    fn of(mut question: Value) -> Self {
        Self {
            id: question["id"].take(),
            method: question["method"].as_str().expect("a method").to_owned(),
            params: question["params"].take(),
        }
    }

    pub fn is(&self, method: &str) -> bool {
        self.method == method
    }

    /// The height asked for, by the CometBFT RPC.
    pub fn height(&self) -> Option<u64> {
        self.params["height"].as_str()?.parse().ok()
    }

    /// The head's header is asked for.
    pub fn of_head(&self) -> bool {
        self.is("commit") && self.height().is_none()
    }

    pub fn at(&self, height: u64) -> Self {
        let mut other = self.clone();
        other.params["height"] = json!(height.to_string());
        other
    }
}

/// One kind of lie. Those that are functions say whether it was told.
#[derive(Clone, Copy)]
pub enum Lie {
    /// Alters the true answer.
    Answer(fn(&Call, &mut Value) -> bool),
    /// Asks the true node something else.
    Question(fn(&mut Call) -> bool),
    /// Asks the true node something more, once its answer is known, and mixes the two.
    Mixed(fn(&Call, &Value) -> Option<Call>, fn(&mut Value, Value)),
    /// Answers with bytes of its own.
    Wire(Wire),
}

struct Node {
    truth: HttpTransport,
    lie: Lie,
    on: AtomicBool,
    told: AtomicUsize,
}

/// A lying server before a true node; gone when dropped.
pub struct Proxy {
    pub url: String,
    node: Arc<Node>,
    serving: AbortHandle,
}

impl Proxy {
    pub async fn before(truth: &str, lie: Lie) -> Self {
        let node = Arc::new(Node {
            truth: HttpTransport::new(truth).expect("an address"),
            lie,
            on: AtomicBool::new(false),
            told: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(serve(listener, Arc::clone(&node))).abort_handle();
        Self { url, node, serving }
    }

    /// Lets it lie from now on, or tell the truth.
    pub fn lies(&self, on: bool) {
        self.node.on.store(on, Ordering::Relaxed);
    }

    /// How often the lie was told.
    pub fn told(&self) -> usize {
        self.node.told.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, node: Arc<Node>) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let node = Arc::clone(&node);
        open.spawn(async move { converse(stream, &node).await });
    }
}

/// Answers one connection's requests, until either side ends it.
async fn converse(stream: TcpStream, node: &Node) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (calls, together) = Call::read(&request(&mut stream).await?);
        let lies = node.on.load(Ordering::Relaxed);
        if let (true, Lie::Wire(wire)) = (lies, node.lie)
            && let Some(call) = calls.iter().find(|call| wire.concerns(call))
        {
            node.told.fetch_add(1, Ordering::Relaxed);
            let truth = if wire.needs_truth() {
                node.answers(&calls, together).await?.to_string()
            } else {
                String::new()
            };
            let there = node.truth.endpoint();
            return tell(wire, call, &truth, there, stream.get_mut()).await;
        }
        let answer = if lies {
            let mut answers = Vec::new();
            for call in calls {
                answers.push(node.lie(call).await?);
            }
            if together {
                Value::Array(answers)
            } else {
                answers.swap_remove(0)
            }
        } else {
            node.answers(&calls, together).await?
        };
        let body = answer.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all(head.as_bytes()).await.ok()?;
        stream.get_mut().write_all(body.as_bytes()).await.ok()?;
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

impl Node {
    async fn answer(&self, call: &Call) -> Option<Value> {
        self.answers(std::slice::from_ref(call), false).await
    }

    async fn answers(&self, calls: &[Call], together: bool) -> Option<Value> {
        let questions = calls.iter().map(|call| {
            json!({"jsonrpc": "2.0", "id": call.id, "method": call.method,
                "params": call.params})
        });
        let mut questions: Vec<_> = questions.collect();
        let question = if together {
            Value::Array(questions)
        } else {
            questions.swap_remove(0)
        };
        let body = self
            .truth
            .post(question.to_string().into_bytes(), MOST)
            .await
            .ok()?;
        serde_json::from_slice(&body).ok()
    }

    async fn lie(&self, mut call: Call) -> Option<Value> {
        let (answer, told) = match self.lie {
            Lie::Answer(alter) => {
                let mut answer = self.answer(&call).await?;
                let told = alter(&call, &mut answer);
                (answer, told)
            }
            Lie::Question(alter) => {
                let told = alter(&mut call);
                (self.answer(&call).await?, told)
            }
            Lie::Mixed(also, mix) => {
                let mut answer = self.answer(&call).await?;
                let other = also(&call, &answer);
                let told = other.is_some();
                if let Some(other) = other {
                    mix(&mut answer, self.answer(&other).await?);
                }
                (answer, told)
            }
            Lie::Wire(_) => (self.answer(&call).await?, false),
        };
        if told {
            self.told.fetch_add(1, Ordering::Relaxed);
        }
        Some(answer)
    }
}

/// A lie that alters the answers of one method.
macro_rules! of {
    ($method:literal, $alter:expr) => {
        Lie::Answer(|call, answer| {
            let alter: fn(&mut Value) = $alter;
            if call.is($method) {
                alter(answer);
            }
            call.is($method)
        })
    };
}
pub(crate) use of;
