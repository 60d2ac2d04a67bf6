//! One exchange of keys: what it costs each side, the chain and the wire aside.

use std::time::{Duration, Instant};

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use anyhow::{Context, Result, bail};
use dhc_content::{
    DigestSigner,
    oakley::{
        AccessEntry, AccessRequest, Authorisation, HandshakeError, Initiator, Progress, Responder,
        Scope, Step,
    },
    object::ObjectKey,
    rand_core::UnwrapErr,
};
use dhc_domain::{Address, B256, GrantId, ObjectId, Timestamp};
use getrandom::SysRng;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_795_000_000);
const PEER: &[u8] = b"a doctor's peer";

struct Wallet(PrivateKeySigner);

impl DigestSigner for Wallet {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
        Some(self.0.sign_hash_sync(digest).ok()?.as_bytes())
    }
}

/// Medians, in milliseconds.
pub fn measure(times: usize) -> Result<Value> {
    let mut costs = (0..times).map(|_| exchange()).collect::<Result<Vec<_>>>()?;
    let mut median = |side: fn(&Cost) -> Duration| {
        costs.sort_by_key(side);
        side(&costs[times / 2]).as_secs_f64() * 1000.0
    };
    Ok(json!({
        "grantee_ms": median(|cost| cost.grantee),
        "owner_ms": median(|cost| cost.owner),
    }))
}

#[derive(Default)]
struct Cost {
    grantee: Duration,
    owner: Duration,
}

fn timed<T>(cost: &mut Duration, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    *cost += begun.elapsed();
    done
}

fn exchange() -> Result<Cost> {
    let mut rng = UnwrapErr(SysRng);
    let wallet = |byte| PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).map(Wallet);
    let (owner, grantee) = (wallet(1)?, wallet(2)?);
    let scope = Scope {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
    };
    let request = AccessRequest {
        grantee: grantee.address(),
        owner: owner.address(),
        grant: GrantId(B256::repeat_byte(3)),
        access: AccessEntry {
            seq: 41,
            entry: B256::repeat_byte(4),
        },
        root: "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca".parse()?,
    };
    let key = ObjectKey::make_random(&mut rng);
    let mut responder = Responder::new(scope, owner.address(), NOW, &mut rng);
    let mut cost = Cost::default();
    let (mut initiator, mut message) = timed(&mut cost.grantee, || {
        Initiator::new(scope, request, &mut rng)
    });
    loop {
        let answer = timed(&mut cost.owner, || {
            match responder.handle(PEER, &message, NOW, &mut rng)? {
                Step::Send(answer) => Ok(answer),
                Step::Authorise(initiation) => {
                    let verdict = Authorisation::Allowed;
                    responder.authorise(*initiation, verdict, &owner, NOW, &mut rng)
                }
                Step::Release(release) => Ok(release.release(ObjectId([5; 16].into()), &key)),
                Step::ReleaseShare(_) => Err(HandshakeError::Unexpected),
            }
        })?;
        let progress = timed(&mut cost.grantee, || {
            initiator.handle(&answer, &grantee, &mut rng)
        })?;
        match progress {
            Progress::Send(next) => message = next,
            Progress::Released(released) => {
                (released.key == key).then_some(()).context("another key")?;
                return Ok(cost);
            }
            Progress::Share(_) => bail!("a share for a key"),
            Progress::Refused(refusal) => bail!("refused: {refusal}"),
        }
    }
}
