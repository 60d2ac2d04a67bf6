//! The contracts' storage, read and proven.

use alloy::primitives::keccak256;
use dhc_domain::{
    Address, Amount, Attested, B256, Commitment, GrantId, RecordId, Template, Timestamp,
};

use super::{
    Contract, ContributionView, IssuerView, KeysView, PoolDay, PoolLedger, PoolSchedule,
    RecordView, Share, TemplateView,
    views::{record, template},
};
use crate::{
    At, Chain, ReadError,
    layout::{LayoutError, Place, Words},
    reads::StateAt,
};

/// The product takes no more templates; governance adds a few.
const MAX_TEMPLATES: u64 = 256;

impl Chain {
    pub async fn records(
        &self,
        ids: &[RecordId],
        at: At,
    ) -> Result<Attested<Vec<Option<RecordView>>>, ReadError> {
        let records = Contract::RecordIndex.layout()?.variable("records")?;
        let places = ids
            .iter()
            .map(|id| records.key(id.0))
            .collect::<Result<Vec<_>, _>>()?;
        let words = self.words(Contract::RecordIndex, &places, at).await?;
        let views = ids
            .iter()
            .zip(&places)
            .map(|(id, place)| record(*id, place, &words.value));
        Ok(Attested {
            value: views.collect::<Result<_, _>>()?,
            standing: words.standing,
        })
    }

    pub async fn record(
        &self,
        id: RecordId,
        at: At,
    ) -> Result<Attested<Option<RecordView>>, ReadError> {
        Ok(self
            .records(&[id], at)
            .await?
            .map(|mut v| v.pop().flatten()))
    }

    /// Whether `owner` has indexed this commitment already.
    pub async fn commitment_used(
        &self,
        owner: Address,
        commitment: Commitment,
        at: At,
    ) -> Result<Attested<bool>, ReadError> {
        let place = Contract::RecordIndex
            .layout()?
            .variable("used")?
            .key(owner)?
            .key(commitment.0)?;
        self.view(Contract::RecordIndex, place, at, |p, w| p.read(w))
            .await
    }

    /// A template by the keccak-256 of its name; `None` where there is none.
    pub async fn template(
        &self,
        id: B256,
        at: At,
    ) -> Result<Attested<Option<TemplateView>>, ReadError> {
        let place = Contract::Templates
            .layout()?
            .variable("templates")?
            .key(id)?;
        self.view(Contract::Templates, place, at, template).await
    }

    /// Every template there ever was, under its name, in the order of adding: none is left out.
    pub async fn templates(&self, at: At) -> Result<Attested<Vec<Template>>, ReadError> {
        let layout = Contract::Templates.layout()?;
        let (names, by_id) = (layout.variable("names")?, layout.variable("templates")?);
        let state = self.state(at).await?;
        let words = self.words_in(Contract::Templates, &[names], &state).await?;
        let length = names.length(&words)?;
        if length > MAX_TEMPLATES {
            return Err(LayoutError::Value(format!("{length} templates")).into());
        }
        let places = (0..length)
            .map(|i| names.element(i))
            .collect::<Result<Vec<_>, _>>()?;
        let words = self.words_in(Contract::Templates, &places, &state).await?;
        let names = places
            .iter()
            .map(|place| name_of(place.read(&words)?))
            .collect::<Result<Vec<_>, LayoutError>>()?;
        let places = names
            .iter()
            .map(|name| by_id.key(keccak256(name.as_bytes())))
            .collect::<Result<Vec<_>, _>>()?;
        let words = self.words_in(Contract::Templates, &places, &state).await?;
        let templates = names.iter().zip(&places).map(|(name, place)| {
            let view = template(place, &words)?
                .ok_or_else(|| LayoutError::Value(format!("no template is called {name:?}")))?;
            Ok(view.named(name))
        });
        let templates = templates.collect::<Result<_, LayoutError>>()?;
        Ok(Attested::proven(templates, state.height))
    }

    pub async fn keys(&self, account: Address, at: At) -> Result<Attested<KeysView>, ReadError> {
        let place = Contract::Identity
            .layout()?
            .variable("keys")?
            .key(account)?;
        let read = |p: &Place<'_>, w: &Words| {
            Ok(KeysView {
                keys_hash: p.get("keysHash", w)?,
                version: p.get("version", w)?,
                updated_at: Timestamp(p.get("updatedAt", w)?),
            })
        };
        self.view(Contract::Identity, place, at, read).await
    }

    pub async fn issuer(
        &self,
        account: Address,
        at: At,
    ) -> Result<Attested<IssuerView>, ReadError> {
        let place = Contract::Issuers
            .layout()?
            .variable("issuers")?
            .key(account)?;
        let read = |p: &Place<'_>, w: &Words| {
            Ok(IssuerView {
                certified: p.get("certified", w)?,
                grade: p.get("grade", w)?,
                since: Timestamp(p.get("since", w)?),
                name_hash: p.get("nameHash", w)?,
            })
        };
        self.view(Contract::Issuers, place, at, read).await
    }

    /// 0: not an approver of the grant, 1: asked, else 1 + the last round approved.
    pub async fn approver(
        &self,
        id: GrantId,
        account: Address,
        at: At,
    ) -> Result<Attested<u32>, ReadError> {
        let place = Contract::Consent
            .layout()?
            .variable("approver")?
            .key(id.0)?
            .key(account)?;
        self.view(Contract::Consent, place, at, |p, w| p.read(w))
            .await
    }

    pub async fn pool_day(&self, day: u64, at: At) -> Result<Attested<PoolDay>, ReadError> {
        let place = Contract::IncentivePool
            .layout()?
            .variable("dayOf")?
            .key(day)?;
        let read = |p: &Place<'_>, w: &Words| {
            Ok(PoolDay {
                weight_sum: p.get("weightSum", w)?,
                pool: Amount(p.get("pool", w)?),
                carry: Amount(p.get("carry", w)?),
                paid: Amount(p.get("paid", w)?),
                settled: p.get("settled", w)?,
            })
        };
        self.view(Contract::IncentivePool, place, at, read).await
    }

    pub async fn share(
        &self,
        day: u64,
        contributor: Address,
        at: At,
    ) -> Result<Attested<Share>, ReadError> {
        let share = self.shares(&[day], contributor, at).await?;
        Ok(share.map(|mut s| s.pop().unwrap_or_default()))
    }

    /// What one contributor has of several days, all at one height.
    pub async fn shares(
        &self,
        days: &[u64],
        contributor: Address,
        at: At,
    ) -> Result<Attested<Vec<Share>>, ReadError> {
        let shares = Contract::IncentivePool.layout()?.variable("shares")?;
        let places = days
            .iter()
            .map(|day| shares.key(*day)?.key(contributor))
            .collect::<Result<Vec<_>, _>>()?;
        let words = self.words(Contract::IncentivePool, &places, at).await?;
        let read = |p: &Place<'_>| {
            Ok::<_, LayoutError>(Share {
                weight: p.get("weight", &words.value)?,
                claimed: p.get("claimed", &words.value)?,
            })
        };
        Ok(Attested {
            value: places.iter().map(read).collect::<Result<_, _>>()?,
            standing: words.standing,
        })
    }

    pub async fn pool_schedule(&self, at: At) -> Result<Attested<PoolSchedule>, ReadError> {
        let place = Contract::IncentivePool.layout()?.variable("schedule")?;
        let read = |p: &Place<'_>, w: &Words| {
            Ok(PoolSchedule {
                genesis: Timestamp(p.get("genesisTime", w)?),
                day_s: p.get("daySeconds", w)?,
                w_min: p.get("wMin", w)?,
            })
        };
        self.view(Contract::IncentivePool, place, at, read).await
    }

    pub async fn pool_ledger(&self, at: At) -> Result<Attested<PoolLedger>, ReadError> {
        let place = Contract::IncentivePool.layout()?.variable("ledger")?;
        let read = |p: &Place<'_>, w: &Words| {
            Ok(PoolLedger {
                settled_days: p.get("settledDays", w)?,
                carry: Amount(p.get("carry", w)?),
                remaining: Amount(p.get("remaining", w)?),
            })
        };
        self.view(Contract::IncentivePool, place, at, read).await
    }

    /// The contribution of a record; `None` where it has not been contributed.
    pub async fn contribution(
        &self,
        id: RecordId,
        at: At,
    ) -> Result<Attested<Option<ContributionView>>, ReadError> {
        let place = Contract::IncentivePool
            .layout()?
            .variable("contributed")?
            .key(id.0)?;
        let read = |p: &Place<'_>, w: &Words| {
            let view = ContributionView {
                contributor: p.get("contributor", w)?,
                day: p.get("day", w)?,
                sixteenths: p.get("sixteenths", w)?,
            };
            Ok((!view.contributor.is_zero()).then_some(view))
        };
        self.view(Contract::IncentivePool, place, at, read).await
    }

    /// The balance that the ERC-20 keeps for `account`.
    pub(crate) async fn token_balance(
        &self,
        account: Address,
        at: At,
    ) -> Result<Attested<Amount>, ReadError> {
        let place = Contract::DHLToken
            .layout()?
            .variable("_balances")?
            .key(account)?;
        let balance = |p: &Place<'_>, w: &Words| Ok(Amount(p.read(w)?));
        self.view(Contract::DHLToken, place, at, balance).await
    }

    /// Reads every slot of `places` and hands them over by number.
    pub(crate) async fn words(
        &self,
        contract: Contract,
        places: &[Place<'_>],
        at: At,
    ) -> Result<Attested<Words>, ReadError> {
        let slots = slots_of(places)?;
        let values = self
            .read_slots(contract.address(&self.network)?, &slots, at)
            .await?;
        Ok(values.map(|values| slots.into_iter().zip(values).collect()))
    }

    /// As [`words`](Self::words), in a state that is at hand: several readings are of one height.
    async fn words_in(
        &self,
        contract: Contract,
        places: &[Place<'_>],
        state: &StateAt,
    ) -> Result<Words, ReadError> {
        let slots = slots_of(places)?;
        if slots.is_empty() {
            return Ok(Words::new());
        }
        let values = self
            .slots_in(contract.address(&self.network)?, &slots, state)
            .await?;
        Ok(slots.into_iter().zip(values).collect())
    }

    pub(super) async fn view<T>(
        &self,
        contract: Contract,
        place: Place<'_>,
        at: At,
        read: impl FnOnce(&Place<'_>, &Words) -> Result<T, LayoutError>,
    ) -> Result<Attested<T>, ReadError> {
        let words = self.words(contract, &[place], at).await?;
        Ok(Attested {
            value: read(&place, &words.value)?,
            standing: words.standing,
        })
    }
}

/// Every slot of every place.
pub(super) fn slots_of(places: &[Place<'_>]) -> Result<Vec<B256>, LayoutError> {
    let slots: Vec<_> = places.iter().map(Place::slots).collect::<Result<_, _>>()?;
    Ok(slots.concat())
}

/// A template's name, as `Templates` keeps it: UTF-8, filled up with zeros.
fn name_of(word: B256) -> Result<String, LayoutError> {
    let end = word
        .iter()
        .rposition(|b| *b != 0)
        .map_or(0, |last| last + 1);
    String::from_utf8(word[..end].to_vec())
        .map_err(|_| LayoutError::Value("a template's name is no text".to_owned()))
}
