//! A private network: nodes that share a key, and nobody else.
//! Source: github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md.

use std::{fmt, str::FromStr};

use libp2p::pnet::PreSharedKey;

/// The key that nodes must share before they say a word to each other, in the text form that Kubo
/// reads from its `swarm.key`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SwarmKey(pub(super) PreSharedKey);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a swarm key: /key/swarm/psk/1.0.0/, /base16/, and 64 hex digits, a line each")]
pub struct NoSwarmKey;

impl FromStr for SwarmKey {
    type Err = NoSwarmKey;

    fn from_str(text: &str) -> Result<Self, NoSwarmKey> {
        // The parser beneath counts characters of the key by bytes.
        if !text.is_ascii() || text.lines().filter(|l| !l.trim().is_empty()).count() != 3 {
            return Err(NoSwarmKey);
        }
        text.parse().map(Self).map_err(|_| NoSwarmKey)
    }
}

/// Libp2p's own shows the key.
impl fmt::Debug for SwarmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SwarmKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_kubo_reads_it_and_never_shown() {
        let hex = "5a".repeat(32);
        let text = format!("/key/swarm/psk/1.0.0/\n/base16/\n{hex}\n");
        let key: SwarmKey = text.parse().unwrap();
        assert_eq!(key.0, PreSharedKey::new([0x5a; 32]));
        assert_eq!(text.trim_end().parse::<SwarmKey>(), Ok(key));
        assert!(!format!("{key:?}").contains("5a5a"));
        let short = format!("/key/swarm/psk/1.0.0/\n/base16/\n{}\n", &hex[2..]);
        let other = format!("/key/swarm/psk/2.0.0/\n/base16/\n{hex}\n");
        for wrong in ["", hex.as_str(), short.as_str(), other.as_str()] {
            assert_eq!(wrong.parse::<SwarmKey>(), Err(NoSwarmKey), "{wrong}");
        }
    }
}
