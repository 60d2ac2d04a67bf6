use dhc_domain::{
    Address, Amount, Attested, B256, Commitment, GrantId, GrantState, Mode, Purpose, RecordId,
    Timestamp, U256,
};
use serde::{Deserialize, Serialize};

use super::Contract;
use crate::{
    At, Chain, ReadError,
    layout::{LayoutError, Place, Words},
};

/// A grant as `Consent` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    pub id: GrantId,
    pub owner: Address,
    pub grantee: Address,
    pub record: RecordId,
    pub template: B256,
    pub purpose: Purpose,
    pub mode: Mode,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub revoked: bool,
    pub approvals: u8,
    pub threshold: u8,
    pub consent_hash: B256,
    pub note_hash: B256,
    pub openings: u64,
}

impl GrantView {
    pub fn state(&self, now: Timestamp) -> GrantState {
        GrantState::at(
            now,
            self.not_after,
            self.revoked,
            self.approvals,
            self.threshold,
        )
    }
}

/// A record as `RecordIndex` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordView {
    pub id: RecordId,
    pub owner: Address,
    pub added_at: Timestamp,
    /// Packed as `dhc_domain::Quality` packs it; zero where no issuer sealed the record.
    pub quality: u32,
    pub issuer: Option<Address>,
    pub commitment: Commitment,
    /// SHA2-256 digest of the ciphertext's CIDv1 (dag-pb) root.
    pub root: B256,
}

/// A template as `Templates` keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateView {
    pub max_window_s: u64,
    /// Bit i: the purpose with index i.
    pub purposes: u32,
    pub min_approvals: u8,
    pub sealed_allowed: bool,
    pub contribution: bool,
    pub retired: bool,
}

impl TemplateView {
    /// As the domain's template, under the name whose hash is the template's id.
    pub fn named(&self, name: &str) -> dhc_domain::Template {
        let admitted = |p: &&Purpose| self.purposes >> p.index() & 1 == 1;
        dhc_domain::Template {
            name: name.to_owned(),
            purposes: Purpose::ALL.iter().filter(admitted).copied().collect(),
            max_window_s: self.max_window_s,
            min_approvals: self.min_approvals,
            sealed_allowed: self.sealed_allowed,
            contribution: self.contribution,
            retired: self.retired,
        }
    }
}

/// The hash of an account's published keys; version 0 where it has published none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysView {
    pub keys_hash: B256,
    pub version: u64,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerView {
    pub certified: bool,
    pub grade: u8,
    pub since: Timestamp,
    pub name_hash: B256,
}

/// A settlement day. Weights are `IncentivePool`'s fixed-point numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolDay {
    pub weight_sum: U256,
    pub pool: Amount,
    pub carry: Amount,
    pub paid: Amount,
    pub settled: bool,
}

/// What one contributor has of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub weight: U256,
    pub claimed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSchedule {
    pub genesis: Timestamp,
    pub day_s: u64,
    pub w_min: U256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolLedger {
    /// Every day below this one is settled.
    pub settled_days: u64,
    pub carry: Amount,
    pub remaining: Amount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionView {
    pub contributor: Address,
    pub day: u64,
    pub sixteenths: u8,
}

impl Chain {
    pub async fn grants(
        &self,
        ids: &[GrantId],
        at: At,
    ) -> Result<Attested<Vec<Option<GrantView>>>, ReadError> {
        let grants = Contract::Consent.layout()?.variable("grants")?;
        let places = ids
            .iter()
            .map(|id| grants.key(id.0))
            .collect::<Result<Vec<_>, _>>()?;
        let words = self.words(Contract::Consent, &places, at).await?;
        let views = ids
            .iter()
            .zip(&places)
            .map(|(id, place)| grant(*id, place, &words.value));
        Ok(Attested {
            value: views.collect::<Result<_, _>>()?,
            standing: words.standing,
        })
    }

    pub async fn grant(
        &self,
        id: GrantId,
        at: At,
    ) -> Result<Attested<Option<GrantView>>, ReadError> {
        Ok(self.grants(&[id], at).await?.map(|mut v| v.pop().flatten()))
    }

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

    /// 0: not an approver of the grant, 1: asked, 2: has approved.
    pub async fn approver(
        &self,
        id: GrantId,
        account: Address,
        at: At,
    ) -> Result<Attested<u8>, ReadError> {
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
        let place = Contract::IncentivePool
            .layout()?
            .variable("shares")?
            .key(day)?
            .key(contributor)?;
        let read = |p: &Place<'_>, w: &Words| {
            Ok(Share {
                weight: p.get("weight", w)?,
                claimed: p.get("claimed", w)?,
            })
        };
        self.view(Contract::IncentivePool, place, at, read).await
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

    /// Reads every slot of `places` and hands them over by number.
    pub(crate) async fn words(
        &self,
        contract: Contract,
        places: &[Place<'_>],
        at: At,
    ) -> Result<Attested<Words>, ReadError> {
        let slots = places
            .iter()
            .map(Place::slots)
            .collect::<Result<Vec<_>, _>>()?
            .concat();
        let values = self
            .read_slots(contract.address(&self.network)?, &slots, at)
            .await?;
        Ok(values.map(|values| slots.into_iter().zip(values).collect()))
    }

    async fn view<T>(
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

fn grant(id: GrantId, p: &Place<'_>, w: &Words) -> Result<Option<GrantView>, LayoutError> {
    let owner: Address = p.get("owner", w)?;
    if owner.is_zero() {
        return Ok(None);
    }
    let (purpose, mode) = (p.get("purpose", w)?, p.get("mode", w)?);
    let unknown =
        |what: &str, n: u8| LayoutError::Value(format!("{what} {n} of a grant is not known"));
    Ok(Some(GrantView {
        id,
        owner,
        grantee: p.get("grantee", w)?,
        record: RecordId(p.get("recordId", w)?),
        template: p.get("templateId", w)?,
        purpose: Purpose::from_index(purpose).ok_or_else(|| unknown("purpose", purpose))?,
        mode: Mode::from_index(mode).ok_or_else(|| unknown("mode", mode))?,
        not_before: Timestamp(p.get("notBefore", w)?),
        not_after: Timestamp(p.get("notAfter", w)?),
        revoked: p.get("revoked", w)?,
        approvals: p.get("approvals", w)?,
        threshold: p.get("threshold", w)?,
        consent_hash: p.get("consentHash", w)?,
        note_hash: p.get("noteHash", w)?,
        openings: p.get("openings", w)?,
    }))
}

fn record(id: RecordId, p: &Place<'_>, w: &Words) -> Result<Option<RecordView>, LayoutError> {
    let owner: Address = p.get("owner", w)?;
    if owner.is_zero() {
        return Ok(None);
    }
    let issuer: Address = p.get("issuer", w)?;
    Ok(Some(RecordView {
        id,
        owner,
        added_at: Timestamp(p.get("addedAt", w)?),
        quality: p.get("quality", w)?,
        issuer: (!issuer.is_zero()).then_some(issuer),
        commitment: Commitment(p.get("commitment", w)?),
        root: p.get("root", w)?,
    }))
}

fn template(p: &Place<'_>, w: &Words) -> Result<Option<TemplateView>, LayoutError> {
    if !p.get::<bool>("exists", w)? {
        return Ok(None);
    }
    Ok(Some(TemplateView {
        max_window_s: p.get("maxWindow", w)?,
        purposes: p.get("purposes", w)?,
        min_approvals: p.get("minApprovals", w)?,
        sealed_allowed: p.get("sealedAllowed", w)?,
        contribution: p.get("contribution", w)?,
        retired: p.get("retired", w)?,
    }))
}
