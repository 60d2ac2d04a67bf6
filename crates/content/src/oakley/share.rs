//! What an exchange for a share has beyond one for a key: the responder is a holder, who is shown
//! the letter that makes it one.

use dhc_domain::{Address, B256, GrantId};

use super::{
    AccessRequest, HandshakeError, Scope,
    message::{Init, Message, ShareInit},
};
use crate::custody::{Dealing, Letter, LetterContext};

/// What a grantee shows a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub holder: Address,
    /// Whose record it is.
    pub owner: Address,
    /// Who made the grant, and signed the letter.
    pub by: Address,
    /// The holder's, from 1.
    pub index: u8,
    /// The record's place in the grant.
    pub place: u8,
    pub dealing: Dealing,
    pub letter: Letter,
}

/// What an exchange is about.
pub(crate) struct Asked {
    pub request: AccessRequest,
    /// Of a holder.
    pub presented: Option<Box<Presented>>,
}

impl Presented {
    /// For whom and what the letter must be.
    pub fn context(&self, scope: &Scope, grantee: Address, grant: GrantId) -> LetterContext {
        LetterContext {
            chain_id: scope.chain_id,
            consent: scope.consent,
            owner: self.owner,
            by: self.by,
            holder: self.holder,
            grantee,
            grant,
            index: self.index,
        }
    }

    pub(crate) fn letter_digest(&self, scope: &Scope, grantee: Address, grant: B256) -> B256 {
        self.context(scope, grantee, GrantId(grant))
            .signing_hash(&self.dealing, &self.letter.envelope)
    }
}

impl Asked {
    /// Who answers.
    pub(crate) fn responder(&self) -> Address {
        self.presented
            .as_ref()
            .map_or(self.request.owner, |p| p.holder)
    }

    /// Of a key's beginning.
    pub(crate) fn for_key(init: &Init) -> Result<Self, HandshakeError> {
        Ok(Self {
            request: init.request()?,
            presented: None,
        })
    }

    /// Splits a share's beginning: its `Init`, and what it is about.
    pub(crate) fn for_share(message: ShareInit) -> Result<(Init, Self), HandshakeError> {
        let mut request = message.init.request()?;
        request.owner = message.owner.into();
        let dealing = Dealing::new(message.threshold, message.holders, message.commitments)
            .map_err(|_| HandshakeError::Letter)?;
        if usize::from(message.place) >= dealing.records() {
            return Err(HandshakeError::Letter);
        }
        let presented = Presented {
            holder: message.init.responder.into(),
            owner: request.owner,
            by: message.by.into(),
            index: message.index,
            place: message.place,
            dealing,
            letter: Letter {
                signature: message.letter_signature,
                envelope: message.envelope,
            },
        };
        let asked = Self {
            request,
            presented: Some(Box::new(presented)),
        };
        Ok((message.init, asked))
    }

    pub(crate) fn beginning(&self, init: Init) -> Message {
        let Some(presented) = &self.presented else {
            return Message::Init(Box::new(init));
        };
        Message::ShareInit(Box::new(ShareInit {
            init,
            owner: presented.owner.into(),
            by: presented.by.into(),
            index: presented.index,
            place: presented.place,
            threshold: presented.dealing.threshold(),
            holders: presented.dealing.holders(),
            commitments: presented.dealing.commitments().to_vec(),
            envelope: presented.letter.envelope.clone(),
            letter_signature: presented.letter.signature.clone(),
        }))
    }

    /// Whether the letter is its author's, for who asks and who is asked; and who holds a share of
    /// their own films, or of what was given to them, is no holder.
    pub(crate) fn letter_is_good(&self, scope: &Scope) -> bool {
        let AccessRequest { grantee, grant, .. } = self.request;
        self.presented.as_ref().is_none_or(|p| {
            p.holder != p.owner
                && p.letter
                    .is_of(&p.context(scope, grantee, grant), &p.dealing)
        })
    }
}
