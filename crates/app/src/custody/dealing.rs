//! The author's side: whom a person names as holders, and what each of them is sent.

use dhc_content::{
    custody::{self, DealingError, KeyContext, LetterContext, WrappedKey, seal_letter},
    note::{Custody, Holder, NoteContext},
    object::ObjectKey,
};
use dhc_domain::{Address, Mode, ObjectId};
use dhc_ipc::{Code, Failure};

use crate::{
    failure::misuse,
    identity,
    keys::Signing,
    ports::PeerHint,
    profile::{Profile, Session},
    sponsors,
    wallet::address,
};

/// Who shares the keys of a grant, and how many of them release.
#[derive(Debug)]
pub(crate) struct Custodians {
    pub holders: Vec<Custodian>,
    pub threshold: u8,
}

#[derive(Debug)]
pub(crate) struct Custodian {
    pub account: Address,
    pub peer: PeerHint,
}

/// An object of the grant and its key.
pub(crate) struct Lot {
    pub object: ObjectId,
    pub key: ObjectKey,
}

/// Reads whom a person names: `ACCOUNT@/ip4/…/tcp/…/p2p/…`, each once. None of `parties`, the
/// owner and the grantee, is a holder.
pub(crate) fn custodians(
    mode: Mode,
    named: &[String],
    threshold: u8,
    parties: [Address; 2],
) -> Result<Option<Custodians>, Failure> {
    if mode != Mode::Custody {
        return if named.is_empty() && threshold == 0 {
            Ok(None)
        } else {
            Err(misuse("custodians are for the mode custody"))
        };
    }
    let holders = named.iter().map(|one| read(one));
    let holders = holders.collect::<Result<Vec<Custodian>, Failure>>()?;
    for (i, holder) in holders.iter().enumerate() {
        if parties.contains(&holder.account) {
            return Err(misuse(
                "a custodian is neither the owner nor who gets access",
            ));
        }
        if holders[..i].iter().any(|h| h.account == holder.account) {
            return Err(misuse("a custodian is named twice"));
        }
    }
    let count =
        u8::try_from(holders.len()).map_err(|_| misuse(DealingError::Holders.to_string()))?;
    custody::check(threshold, count).map_err(|e| {
        misuse(e.to_string()).hint("--custodian ACCOUNT@ADDRESS for each, --shares M")
    })?;
    Ok(Some(Custodians { holders, threshold }))
}

fn read(named: &str) -> Result<Custodian, Failure> {
    let (account, peer) = named.split_once('@').ok_or_else(|| {
        misuse("a custodian is ACCOUNT@/ip4/…/tcp/…/p2p/…")
            .hint("`dhc app` prints the address of its node")
    })?;
    Ok(Custodian {
        account: address(account)?,
        peer: sponsors::peer(peer)?,
    })
}

/// Deals the keys of a grant among its custodians, whose keys are read from the chain.
///
/// Errors: `no_identity` where a custodian has published none.
pub(crate) async fn deal(
    profile: &Profile,
    session: &Session,
    custodians: &Custodians,
    lots: &[Lot],
    context: &NoteContext,
) -> Result<Custody, Failure> {
    let mut rng = profile.rng.clone();
    let count = custodians.holders.len() as u8;
    let dealt = custody::deal(custodians.threshold, count, lots.len(), &mut rng)
        .map_err(|e| misuse(e.to_string()))?;
    let wrapped = lots.iter().zip(&dealt.secrets).map(|(lot, secret)| {
        let context = KeyContext {
            chain_id: context.chain_id,
            consent: context.consent,
            grant: context.grant,
            object: lot.object,
        };
        WrappedKey::wrap(&lot.key, secret, &context)
    });
    let wrapped = wrapped.collect();
    let mut holders = Vec::with_capacity(custodians.holders.len());
    for ((index, custodian), shares) in (1..).zip(&custodians.holders).zip(&dealt.shares) {
        let recipient = identity::keys_of(profile, custodian.account).await?;
        let context = LetterContext {
            chain_id: context.chain_id,
            consent: context.consent,
            owner: context.owner,
            by: context.by,
            holder: custodian.account,
            grantee: context.grantee,
            grant: context.grant,
            index,
        };
        let signer = Signing(session.account.clone());
        let letter = seal_letter(
            shares,
            &dealt.dealing,
            &context,
            &recipient,
            &signer,
            &mut rng,
        )
        .map_err(|e| Failure::new(Code::NoIdentity, e.to_string()))?;
        holders.push(Holder {
            account: custodian.account,
            peer: dhc_content::note::PeerHint {
                peer: custodian.peer.peer.clone(),
                addresses: custodian.peer.addresses.clone(),
            },
            letter,
        });
    }
    Ok(Custody {
        dealing: dealt.dealing,
        wrapped,
        holders,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str =
        "/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

    fn named(accounts: &[u8]) -> Vec<String> {
        let one = |byte: &u8| format!("{}@{ADDRESS}", Address::repeat_byte(*byte));
        accounts.iter().map(one).collect()
    }

    fn read_as(mode: Mode, named: &[String], threshold: u8) -> Result<Option<Custodians>, Code> {
        let parties = [Address::repeat_byte(1), Address::repeat_byte(2)];
        custodians(mode, named, threshold, parties).map_err(|f| f.code)
    }

    #[test]
    fn custodians_are_named_with_account_and_address() {
        let read = read_as(Mode::Custody, &named(&[3, 4, 5]), 2)
            .unwrap()
            .unwrap();
        assert_eq!(read.threshold, 2);
        assert_eq!(read.holders[2].account, Address::repeat_byte(5));
        assert_eq!(read.holders[0].peer.addresses, [ADDRESS]);
        for no in [
            Address::repeat_byte(3).to_string(),
            format!("x@{ADDRESS}"),
            "@".into(),
        ] {
            let named = [no, named(&[4])[0].clone()];
            assert_eq!(read_as(Mode::Custody, &named, 2).unwrap_err(), Code::Misuse);
        }
    }

    #[test]
    fn who_cannot_hold_and_thresholds_out_of_reach_are_refused() {
        for (accounts, threshold) in [
            (&[3, 4][..], 0),
            (&[3, 4], 1),
            (&[3, 4], 3),
            (&[3], 1),
            (&[], 0),
            (&[3, 4, 5, 6, 7], 2),
            (&[3, 4, 3], 2),
            (&[3, 1], 2),
            (&[3, 2], 2),
        ] {
            let refused = read_as(Mode::Custody, &named(accounts), threshold);
            assert_eq!(
                refused.unwrap_err(),
                Code::Misuse,
                "{threshold} of {accounts:?}"
            );
        }
    }

    #[test]
    fn other_modes_have_no_custodians() {
        for mode in [Mode::Live, Mode::Sealed] {
            assert!(read_as(mode, &[], 0).unwrap().is_none());
            assert_eq!(read_as(mode, &named(&[3, 4]), 2).unwrap_err(), Code::Misuse);
        }
    }
}
