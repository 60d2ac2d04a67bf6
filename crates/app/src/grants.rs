//! What I gave and what I was given: lists, proven complete, with each grant's proven state.

use std::collections::BTreeMap;

use dhc_chain::{
    At,
    history::{GrantGiven, GrantReceived},
};
use dhc_domain::{GrantId, GrantState, Height, RecordId, Standing, Timestamp};
use dhc_ipc::{Failure, GrantItemView, GrantStateView, GrantView, GrantsView};

use crate::{
    contacts,
    failure::{misuse, standing},
    glass,
    ledger::read_failure,
    notes::{self, NoteBody, NotedRecord},
    profile::{Profile, Session},
    records,
};

/// A grant's proven storage with what this profile knows of it.
pub struct Known {
    pub id: GrantId,
    pub on_chain: dhc_chain::contracts::GrantView,
    pub standing: Standing,
}

impl Known {
    pub fn state(&self, now: Timestamp) -> GrantState {
        self.on_chain.state(now)
    }
}

pub(crate) fn state_view(state: GrantState) -> GrantStateView {
    match state {
        GrantState::Active => GrantStateView::Active,
        GrantState::AwaitingApproval => GrantStateView::AwaitingApproval,
        GrantState::Dormant => GrantStateView::Dormant,
        GrantState::Expired => GrantStateView::Expired,
        GrantState::Revoked => GrantStateView::Revoked,
    }
}

pub(crate) fn grant_id(text: &str) -> Result<GrantId, Failure> {
    text.parse()
        .map_err(|_| misuse("a grant's id is 0x and 64 hex digits"))
}

/// The proven state of one grant; `None` where there is no such grant.
pub async fn read(profile: &Profile, id: GrantId, at: At) -> Result<Option<Known>, Failure> {
    let read = profile.chain.grant(id, at).await.map_err(read_failure)?;
    Ok(read.value.map(|on_chain| Known {
        id,
        on_chain,
        standing: read.standing,
    }))
}

pub(crate) async fn read_all(profile: &Profile, ids: &[GrantId]) -> Result<Vec<Known>, Failure> {
    let read = profile
        .chain
        .grants(ids, At::Latest)
        .await
        .map_err(read_failure)?;
    Ok(ids
        .iter()
        .zip(read.value)
        .filter_map(|(id, g)| {
            g.map(|on_chain| Known {
                id: *id,
                on_chain,
                standing: read.standing,
            })
        })
        .collect())
}

pub(crate) fn item_of_record(id: RecordId, record: Option<&records::Record>) -> GrantItemView {
    GrantItemView {
        study: id.to_string(),
        title: record.map(records::Record::title),
        date: record.and_then(|r| r.study.date.clone()),
        modalities: record.map_or_else(Vec::new, |r| r.study.modalities.clone()),
        images: record.map(records::Record::images),
    }
}

fn item_of_note(noted: NotedRecord) -> GrantItemView {
    GrantItemView {
        study: noted.record.to_string(),
        title: Some(noted.title),
        date: noted.date,
        modalities: noted.modalities,
        images: Some(noted.images),
    }
}

pub(crate) fn view(
    profile: &Profile,
    known: &Known,
    items: Vec<GrantItemView>,
    names: &BTreeMap<dhc_domain::Address, String>,
    template: &str,
) -> GrantView {
    let g = &known.on_chain;
    let studies: Vec<String> = g.records.iter().map(ToString::to_string).collect();
    let first = items.first().cloned();
    GrantView {
        grant: known.id.to_string(),
        study: studies.first().cloned().unwrap_or_default(),
        studies,
        from: g.owner.to_string(),
        from_name: names.get(&g.owner).cloned(),
        to: g.grantee.to_string(),
        to_name: names.get(&g.grantee).cloned(),
        purpose: g.purpose.to_string(),
        template: template.to_owned(),
        mode: g.mode.name().to_owned(),
        given: g.not_before.to_string(),
        not_after: g.not_after.to_string(),
        state: state_view(known.state(profile.clock.now())),
        openings: g.openings,
        approvals: g.approvals,
        threshold: g.threshold,
        round: g.round,
        actions: g.actions.iter().map(|a| a.to_string()).collect(),
        onward: g.onward,
        by: g.by.to_string(),
        by_name: names.get(&g.by).cloned(),
        parent: g.parent.as_ref().map(|p| p.id.to_string()),
        glass_window_s: g.glass_window_s,
        broken_at: g.broken_at.map(|t| t.to_string()),
        reason: None,
        title: first.as_ref().and_then(|i| i.title.clone()),
        date: first.as_ref().and_then(|i| i.date.clone()),
        modalities: first
            .as_ref()
            .map_or_else(Vec::new, |i| i.modalities.clone()),
        images: first.and_then(|i| i.images),
        items,
        standing: standing(known.standing),
    }
}

pub(crate) async fn template_names(
    profile: &Profile,
) -> Result<BTreeMap<dhc_domain::B256, String>, Failure> {
    Ok(crate::templates::standing_ones(profile)
        .await?
        .into_iter()
        .map(|(t, _)| (t.id(), t.name))
        .collect())
}

/// Grants this profile gave, newest first.
pub async fn given(profile: &Profile, session: &Session) -> Result<GrantsView, Failure> {
    let history = profile
        .history::<GrantGiven>(session, "given", session.address, At::Latest)
        .await?;
    let ids: Vec<GrantId> = history.entries.iter().map(|e| e.id).collect();
    let names = contacts::known(session)?;
    let templates = template_names(profile).await?;
    let records: BTreeMap<RecordId, records::Record> = records::all(session)?
        .into_iter()
        .map(|r| (r.id, r))
        .collect();
    let mut grants: Vec<GrantView> = read_all(profile, &ids)
        .await?
        .iter()
        .map(|known| {
            let items = known.on_chain.records.iter();
            let items = items.map(|id| item_of_record(*id, records.get(id)));
            let template = templates
                .get(&known.on_chain.template)
                .map_or("", String::as_str);
            view(profile, known, items.collect(), &names, template)
        })
        .collect();
    grants.reverse();
    let complete = history.complete && grants.len() as u64 == history.length;
    Ok(GrantsView { grants, complete })
}

/// Grants to this profile, newest first. The note of each tells what it is about.
pub async fn received(profile: &Profile, session: &Session) -> Result<GrantsView, Failure> {
    let history = profile
        .history::<GrantReceived>(session, "received", session.address, At::Latest)
        .await?;
    let ids: Vec<GrantId> = history.entries.iter().map(|e| e.id).collect();
    let known = read_all(profile, &ids).await?;
    let names = contacts::known(session)?;
    let templates = template_names(profile).await?;
    let mut grants = Vec::new();
    for known in &known {
        let note: Option<NoteBody> = history
            .entries
            .iter()
            .find(|e| e.id == known.id)
            .and_then(|e| notes::open(profile, session, known, &e.note).ok());
        let items = match note {
            Some(note) => note.records.into_iter().map(item_of_note).collect(),
            None => {
                let records = known.on_chain.records.iter();
                records.map(|id| item_of_record(*id, None)).collect()
            }
        };
        let template = templates
            .get(&known.on_chain.template)
            .map_or("", String::as_str);
        let reason = glass::given_reason(session, known.id)?;
        grants.push(GrantView {
            reason,
            ..view(profile, known, items, &names, template)
        });
    }
    grants.reverse();
    let complete = history.complete && grants.len() as u64 == history.length;
    Ok(GrantsView { grants, complete })
}

pub async fn list(profile: &Profile, direction: Option<&str>) -> Result<GrantsView, Failure> {
    let session = profile.session()?;
    match direction {
        Some("given") => given(profile, &session).await,
        Some("received") => received(profile, &session).await,
        None => {
            let mut both = given(profile, &session).await?;
            let received = received(profile, &session).await?;
            both.grants.extend(received.grants);
            both.complete &= received.complete;
            Ok(both)
        }
        Some(_) => Err(misuse("a direction is `given` or `received`")),
    }
}

/// How many active grants each record has. Empty where the chain cannot be read: the lists that
/// need it say so themselves.
pub async fn active_by_record(profile: &Profile, session: &Session) -> BTreeMap<RecordId, u32> {
    let mut count = BTreeMap::new();
    if let Ok(list) = given(profile, session).await {
        for grant in list
            .grants
            .iter()
            .filter(|g| g.state == GrantStateView::Active)
        {
            for id in grant.studies.iter().filter_map(|id| id.parse().ok()) {
                *count.entry(id).or_default() += 1;
            }
        }
    }
    count
}

/// The height at which something happened, for `At::AtLeast`.
pub(crate) fn after(height: Height) -> At {
    At::AtLeast(height)
}
