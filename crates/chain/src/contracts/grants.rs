//! Grants, read and proven. What of a grant can change no more is proven once: at a later height
//! only the words that the contract could have written since are asked for.

use dhc_domain::{Attested, GrantId, RecordId, Timestamp};

use super::{Contract, GrantView, read::slots_of, views::grant};
use crate::{
    At, Chain, ReadError,
    layout::{LayoutError, Place, Words},
    reads::StateAt,
};

/// A contract admits no more records to one grant.
const MAX_OBJECTS: u64 = 16;
/// Written when a grant is made, and never again.
const MADE: [&str; 3] = ["templateId", "noteHash", "parent"];

/// A grant of which all but the first record is read.
struct Begun {
    view: GrantView,
    length: u64,
    parent: Option<GrantId>,
}

impl Chain {
    /// Grants with their records, and the grants that they were shared from, all at one height.
    ///
    /// Two rounds: the first reads each grant with the number of its records and the first of
    /// them; the second, only where there is need, the other records and the parents.
    pub async fn grants(
        &self,
        ids: &[GrantId],
        at: At,
    ) -> Result<Attested<Vec<Option<GrantView>>>, ReadError> {
        let state = self.state(at).await?;
        let first = self.grants_begun(ids, &state).await?;
        let parents: Vec<GrantId> = first.iter().flatten().filter_map(|g| g.parent).collect();
        let mut parents = self.grants_begun(&parents, &state).await?.into_iter();
        let objects = Contract::Consent.layout()?.variable("objects")?;
        let mut rest = Vec::new();
        for begun in first.iter().flatten() {
            let list = objects.key(begun.view.id.0)?;
            for i in 1..begun.length {
                rest.push(list.element(i)?);
            }
        }
        let words = self.grant_words(&rest, &state).await?;
        self.keep_settled(&words, &state)?;
        let mut rest = rest.iter();
        let mut views = Vec::with_capacity(first.len());
        for begun in first {
            let Some(mut begun) = begun else {
                views.push(None);
                continue;
            };
            for place in rest.by_ref().take(begun.length.saturating_sub(1) as usize) {
                begun.view.records.push(RecordId(place.read(&words)?));
            }
            if begun.parent.is_some() {
                let parent = parents
                    .next()
                    .flatten()
                    .ok_or_else(|| LayoutError::Value("a grant without its parent".to_owned()))?;
                begun.view.parent = Some(Box::new(parent.view));
            }
            views.push(Some(begun.view));
        }
        Ok(Attested::proven(views, state.height))
    }

    pub async fn grant(
        &self,
        id: GrantId,
        at: At,
    ) -> Result<Attested<Option<GrantView>>, ReadError> {
        Ok(self.grants(&[id], at).await?.map(|mut v| v.pop().flatten()))
    }

    /// Grants with the first of their records each.
    async fn grants_begun(
        &self,
        ids: &[GrantId],
        state: &StateAt,
    ) -> Result<Vec<Option<Begun>>, ReadError> {
        let layout = Contract::Consent.layout()?;
        let (grants, objects) = (layout.variable("grants")?, layout.variable("objects")?);
        let mut places = Vec::with_capacity(3 * ids.len());
        for id in ids {
            let list = objects.key(id.0)?;
            places.extend([grants.key(id.0)?, list, list.element(0)?]);
        }
        let words = self.grant_words(&places, state).await?;
        let mut begun = Vec::with_capacity(ids.len());
        let mut settled = Words::new();
        for (id, places) in ids.iter().zip(places.chunks_exact(3)) {
            let Some((mut view, parent)) = grant(*id, &places[0], &words)? else {
                begun.push(None);
                continue;
            };
            let length = places[1].length(&words)?;
            if !(1..=MAX_OBJECTS).contains(&length) {
                return Err(LayoutError::Value(format!("a grant of {length} records")).into());
            }
            view.records.push(RecordId(places[2].read(&words)?));
            let known = |slot| Some((slot, *words.get(&slot)?));
            let lasting = lasting(&places[0], &view, state.time)?.into_iter();
            let lasting = lasting.chain([places[1].slot(), places[2].slot()]);
            settled.extend(lasting.filter_map(known));
            begun.push(Some(Begun {
                view,
                length,
                parent,
            }));
        }
        self.keep_settled(&settled, state)?;
        Ok(begun)
    }

    /// Words of `Consent`: those that are settled from memory, the others proven.
    async fn grant_words(&self, places: &[Place<'_>], state: &StateAt) -> Result<Words, ReadError> {
        let contract = Contract::Consent.address(&self.network)?;
        let slots = slots_of(places)?;
        let mut words = self.settled.find(contract, &slots, state.height);
        let open: Vec<_> = slots
            .into_iter()
            .filter(|slot| !words.contains_key(slot))
            .collect();
        if !open.is_empty() {
            let read = self.slots_in(contract, &open, state).await?;
            words.extend(open.into_iter().zip(read));
        }
        Ok(words)
    }

    fn keep_settled(&self, words: &Words, state: &StateAt) -> Result<(), ReadError> {
        let contract = Contract::Consent.address(&self.network)?;
        self.settled.keep(contract, words, state.height);
        Ok(())
    }
}

/// The slots of a grant that no act can change any more, in blocks that are not before `time`: by
/// what `Grants.sol` and `AccessLog.sol` admit.
fn lasting(
    place: &Place<'_>,
    view: &GrantView,
    time: Timestamp,
) -> Result<Vec<alloy::primitives::B256>, LayoutError> {
    if view.revoked {
        return place.slots();
    }
    if time > view.not_after {
        // It can still be revoked, and nothing else.
        let open = place.field("revoked")?.slot();
        let all = place.slots()?.into_iter();
        return Ok(all.filter(|slot| *slot != open).collect());
    }
    let glass = (view.glass_window_s == 0).then_some("glassWindow");
    let fields = MADE.into_iter().chain(glass);
    fields.map(|name| Ok(place.field(name)?.slot())).collect()
}
