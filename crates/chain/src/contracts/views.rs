use dhc_domain::{
    Actions, Address, Amount, B256, Commitment, GrantId, GrantState, Life, Mode, Purpose, RecordId,
    Timestamp, U256,
};
use serde::{Deserialize, Serialize};

use crate::layout::{LayoutError, Place, Words};

/// A grant as `Consent` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    pub id: GrantId,
    pub owner: Address,
    pub grantee: Address,
    /// Who made it and signed its note: the owner, a proxy of theirs, or the grantee of `parent`.
    pub by: Address,
    /// The records that it is for, at least one, in the owner's order.
    pub records: Vec<RecordId>,
    pub template: B256,
    pub purpose: Purpose,
    pub mode: Mode,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub revoked: bool,
    pub approvals: u8,
    pub threshold: u8,
    /// From 1; approvals count for their round.
    pub round: u16,
    pub actions: Actions,
    /// Whether the grantee may share it.
    pub onward: bool,
    pub broken_at: Option<Timestamp>,
    /// 0: an ordinary grant.
    pub glass_window_s: u64,
    pub consent_hash: B256,
    pub note_hash: B256,
    pub openings: u64,
    /// The grant that it was shared from, proven at the same height.
    pub parent: Option<Box<GrantView>>,
}

impl GrantView {
    /// Its own state; where that is active, its parent's: it opens only while both do.
    pub fn state(&self, now: Timestamp) -> GrantState {
        match (self.life().state(now), &self.parent) {
            (GrantState::Active, Some(parent)) => parent.state(now),
            (own, _) => own,
        }
    }

    pub fn life(&self) -> Life {
        Life {
            not_after: self.not_after,
            revoked: self.revoked,
            approvals: self.approvals,
            threshold: self.threshold,
            glass_window_s: self.glass_window_s,
            broken_at: self.broken_at,
        }
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
    pub actions: Actions,
    pub onward: bool,
    pub glass_window_s: u64,
    pub custody_only: bool,
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
            actions: self.actions,
            onward: self.onward,
            glass_window_s: self.glass_window_s,
            custody_only: self.custody_only,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// A grant without its records and its parent, and the parent's id.
pub(super) fn grant(
    id: GrantId,
    p: &Place<'_>,
    w: &Words,
) -> Result<Option<(GrantView, Option<GrantId>)>, LayoutError> {
    let owner: Address = p.get("owner", w)?;
    if owner.is_zero() {
        return Ok(None);
    }
    let (purpose, mode) = (p.get("purpose", w)?, p.get("mode", w)?);
    let unknown =
        |what: &str, n: u8| LayoutError::Value(format!("{what} {n} of a grant is not known"));
    let (broken_at, parent): (u64, B256) = (p.get("brokenAt", w)?, p.get("parent", w)?);
    let view = GrantView {
        id,
        owner,
        grantee: p.get("grantee", w)?,
        by: p.get("by", w)?,
        records: Vec::new(),
        template: p.get("templateId", w)?,
        purpose: Purpose::from_index(purpose).ok_or_else(|| unknown("purpose", purpose))?,
        mode: Mode::from_index(mode).ok_or_else(|| unknown("mode", mode))?,
        not_before: Timestamp(p.get("notBefore", w)?),
        not_after: Timestamp(p.get("notAfter", w)?),
        revoked: p.get("revoked", w)?,
        approvals: p.get("approvals", w)?,
        threshold: p.get("threshold", w)?,
        round: p.get("round", w)?,
        actions: Actions(p.get("actions", w)?),
        onward: p.get("onward", w)?,
        broken_at: (broken_at != 0).then_some(Timestamp(broken_at)),
        glass_window_s: p.get("glassWindow", w)?,
        consent_hash: p.get("consentHash", w)?,
        note_hash: p.get("noteHash", w)?,
        openings: p.get("openings", w)?,
        parent: None,
    };
    let parent = (!parent.is_zero()).then_some(GrantId(parent));
    Ok(Some((view, parent)))
}

pub(super) fn record(
    id: RecordId,
    p: &Place<'_>,
    w: &Words,
) -> Result<Option<RecordView>, LayoutError> {
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

pub(super) fn template(p: &Place<'_>, w: &Words) -> Result<Option<TemplateView>, LayoutError> {
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
        actions: Actions(p.get("actions", w)?),
        onward: p.get("onward", w)?,
        glass_window_s: p.get("glassWindow", w)?,
        custody_only: p.get("custodyOnly", w)?,
    }))
}
