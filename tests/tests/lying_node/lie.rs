//! A lie, the question it is told to, and what must come of it.

use std::time::{Duration, Instant};

use dhc_chain::{
    At, BroadcastError, Chain, HistoryVerdict, Prefix, PrepareError, ReceiptError, SubmitError,
    TxVerdict, contracts::Contract, history::RecordAdded,
};
use dhc_domain::{Height, UnprovenReason};
use futures::StreamExt;

use crate::{
    proxy::{Lie, Proxy},
    world::{NOBODY, Side, World},
};

/// No lie holds the client up for longer.
pub const LIMIT: Duration = Duration::from_secs(20);
/// Lies told at once; most of the time of the slow ones is waiting.
const ABREAST: usize = 12;

/// What a client that knows nothing yet is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Balance,
    /// The balance of an account that does not exist.
    Absence,
    Nonce,
    Code,
    Slots,
    /// The block three below the head.
    Near,
    /// The second block, far below the head.
    Far,
    /// A block with several transactions, and their results.
    Block,
    /// What became of a transaction that is done.
    Receipt,
    /// What became of a transaction that was never sent.
    Unsent,
    Prepare,
    Send,
    History,
    /// The head, by a client that followed the truth so far.
    Follow,
    /// The head, and how many witnesses agree.
    Witnesses,
}

/// What must come of a lie.
#[derive(Clone, Copy, Debug)]
pub enum Ends {
    /// No value, and this code.
    Code(&'static str),
    /// The truth all the same, proven by other means.
    Truth,
    /// An answer that says what is not known.
    Says(&'static str),
}

pub struct Told {
    pub what: &'static str,
    pub ask: Ask,
    pub side: Side,
    pub lie: Lie,
    pub ends: Ends,
}

pub const UNTRUSTED: Ends = Ends::Code("node_untrusted");
pub const UNAVAILABLE: Ends = Ends::Code("proof_unavailable");
pub const UNREACHABLE: Ends = Ends::Code("network_unreachable");

/// A lie of the CometBFT RPC.
pub fn comet(what: &'static str, ask: Ask, ends: Ends, lie: Lie) -> Told {
    Told {
        what,
        ask,
        side: Side::Comet,
        lie,
        ends,
    }
}

/// One row of the table.
struct Row {
    told: Told,
    came: String,
    took: Duration,
    wrong: Option<String>,
}

/// Tells every lie to a client of its own, prints what came of it, and fails where anything else
/// came than must.
pub async fn tell_all(world: &World, lies: Vec<Told>) {
    let told = lies.into_iter().map(|told| tell(world, told));
    let mut rows: Vec<Row> = futures::stream::iter(told)
        .buffered(ABREAST)
        .collect()
        .await;
    let mut wrong = Vec::new();
    for row in &mut rows {
        let ask = format!("{:?}", row.told.ask);
        let (what, came, ms) = (row.told.what, &row.came, row.took.as_millis());
        println!("{what:<58} {ask:<10} {came:<26} {ms:>6} ms");
        wrong.extend(row.wrong.take().map(|why| format!("{what}: {why}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

async fn tell(world: &World, told: Told) -> Row {
    let proxy = Proxy::before(world.truth(told.side), told.lie).await;
    // The control: the same server, telling the truth.
    let truth = ask(told.ask, world, &world.chain(told.side, &proxy.url), None).await;
    let chain = world.chain(told.side, &proxy.url);
    let begun = Instant::now();
    proxy.lies(told.ask != Ask::Follow);
    let came = ask(told.ask, world, &chain, Some(&proxy)).await;
    let took = begun.elapsed();
    let wrong = match (&truth, &came, told.ends) {
        (Err(code), ..) => Some(format!("not even the truth is believed: {code}")),
        (_, _, _) if proxy.told() == 0 => Some("was not told".to_owned()),
        (_, _, _) if took > LIMIT => Some(format!("took {took:?}")),
        (_, Err(code), Ends::Code(expected)) if code == expected => None,
        (Ok(truth), Ok(value), Ends::Truth) if value == truth => None,
        (_, Ok(value), Ends::Says(expected)) if value == expected => None,
        (_, came, ends) => Some(format!("{came:?} instead of {ends:?}")),
    };
    let came = came.unwrap_or_else(|code| code);
    Row {
        told,
        came,
        took,
        wrong,
    }
}

/// What the client says: a value in words, or a code.
async fn ask(
    ask: Ask,
    world: &World,
    chain: &Chain,
    proxy: Option<&Proxy>,
) -> Result<String, String> {
    let patient = dhc_chain::Signer::address(&world.patient);
    let code = |reason: UnprovenReason| name(reason);
    match ask {
        Ask::Balance | Ask::Absence => {
            let of = if ask == Ask::Balance { patient } else { NOBODY };
            let read = chain.balance(of, At::Latest).await;
            let read = read.map_err(|e| code(e.reason()))?;
            assert!(read.standing.is_proven());
            Ok(read.value.to_dhl())
        }
        Ask::Nonce => {
            let read = chain.nonce(patient, At::Latest).await;
            Ok(read.map_err(|e| code(e.reason()))?.value.to_string())
        }
        Ask::Code => {
            let consent = Contract::Consent.address(chain.network()).expect("there");
            let read = chain.code_hash(consent, At::Latest).await;
            let hash = read.map_err(|e| code(e.reason()))?.value;
            Ok(hash.map_or_else(|| "none".to_owned(), |h| h.to_string()))
        }
        Ask::Slots => {
            let read = chain.keys(patient, At::Latest).await;
            let keys = read.map_err(|e| code(e.reason()))?.value;
            Ok(format!("{:?} {}", keys.keys_hash, keys.version))
        }
        Ask::Near | Ask::Far | Ask::Block => {
            let head = chain.sync().await.map_err(|e| code(e.reason()))?;
            let height = match ask {
                Ask::Near => Height(head.height.0 - 3),
                Ask::Far => Height(2),
                _ => world.block,
            };
            let block = chain.block(height).await.map_err(|e| code(e.reason()))?;
            let txs = block.txs.iter().map(|tx| (tx.tx, tx.status, tx.gas_used));
            Ok(format!("{:?}", txs.collect::<Vec<_>>()))
        }
        Ask::Receipt => {
            let verdict = chain.await_proven(&world.transfer, world.short).await;
            came(verdict)
        }
        Ask::Unsent => {
            let sender = world.sender();
            let wish = sender.pays(NOBODY);
            let prepared = chain.prepare(&wish).await.map_err(|e| e.to_string())?;
            let tx = prepared.sign(&sender).map_err(|e| e.to_string())?;
            let verdict = chain.await_proven(&tx, Duration::ZERO).await;
            Ok(came(verdict).unwrap_or_else(|code| code))
        }
        Ask::Prepare => {
            let prepared = chain.prepare(&world.patient.pays(NOBODY)).await;
            let prepared = prepared.map_err(prepare_code)?;
            Ok(format!("nonce {}", prepared.nonce()))
        }
        Ask::Send => {
            let sender = world.sender();
            let wish = sender.pays(NOBODY);
            match chain.submit(&wish, &sender, world.short).await {
                Ok((_, verdict)) => came(Ok(verdict)),
                Err(SubmitError::Prepare(e)) => Err(prepare_code(e)),
                Err(SubmitError::Broadcast(BroadcastError::InsufficientFunds)) => {
                    Err("insufficient_funds".to_owned())
                }
                Err(e) => Err(e.reason().map_or_else(|| "tx_reverted".to_owned(), code)),
            }
        }
        Ask::History => {
            let none = Prefix::default();
            let page = chain.history::<RecordAdded>(patient, &none, At::Latest);
            let page = page.await.map_err(|e| code(e.reason()))?;
            Ok(match page.verdict {
                HistoryVerdict::Complete => format!("complete: {}", page.entries.len()),
                HistoryVerdict::Incomplete { have, of } => format!("incomplete: {have} of {of}"),
                HistoryVerdict::Forged => "forged".to_owned(),
            })
        }
        Ask::Follow => {
            let before = chain.sync().await.map_err(|e| code(e.reason()))?;
            if let Some(proxy) = proxy {
                proxy.lies(true);
            }
            let after = chain.sync().await.map_err(|e| code(e.reason()))?;
            assert!(after.height >= before.height);
            Ok("the head stays or goes on".to_owned())
        }
        Ask::Witnesses => {
            let head = chain.sync().await.map_err(|e| code(e.reason()))?;
            let (agree, all) = (head.witnesses_agreed, head.witnesses_total);
            Ok(format!("{agree} of {all} witnesses"))
        }
    }
}

/// A reason's name on the wire.
fn name(reason: UnprovenReason) -> String {
    let name = serde_json::to_value(reason).expect("a name");
    name.as_str().expect("a text").to_owned()
}

fn prepare_code(e: PrepareError) -> String {
    e.reason().map_or_else(
        || match e {
            PrepareError::InsufficientFunds { .. } => "insufficient_funds".to_owned(),
            _ => "tx_reverted".to_owned(),
        },
        name,
    )
}

fn came(verdict: Result<TxVerdict, ReceiptError>) -> Result<String, String> {
    match verdict {
        Ok(TxVerdict::Proven(receipt)) => Ok(format!("proven: {:?}", receipt.status)),
        Ok(TxVerdict::Replaced) => Ok("replaced".to_owned()),
        // The program's word for both.
        Ok(TxVerdict::Pending | TxVerdict::Unknown) => Err("tx_pending".to_owned()),
        Err(e) => Err(name(e.reason())),
    }
}
