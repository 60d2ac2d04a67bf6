//! Proxies and requests, read and proven.

use dhc_domain::{
    Actions, Address, Attested, B256, GrantId, Power, Powers, Purpose, RequestId, RequestState,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Contract;
use crate::{
    At, Chain, ReadError,
    layout::{LayoutError, Place, Words},
};

/// What an owner lets a proxy do; version 0 where that was never said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentView {
    pub powers: Powers,
    /// The last second in which the powers count.
    pub until: Timestamp,
    pub version: u64,
}

impl AppointmentView {
    pub fn may(&self, power: Power, now: Timestamp) -> bool {
        self.powers.contains(power) && now <= self.until
    }
}

/// A request as `Requests` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    pub id: RequestId,
    /// Who is asked.
    pub owner: Address,
    pub asker: Address,
    pub asked_at: Timestamp,
    pub template: B256,
    pub purpose: Purpose,
    /// For how long access is asked.
    pub window_s: u64,
    pub actions: Actions,
    pub state: RequestState,
    pub note_hash: B256,
    /// The grant that answers it.
    pub grant: Option<GrantId>,
}

impl Chain {
    pub async fn appointment(
        &self,
        owner: Address,
        proxy: Address,
        at: At,
    ) -> Result<Attested<AppointmentView>, ReadError> {
        let place = Contract::Proxies
            .layout()?
            .variable("appointments")?
            .key(owner)?
            .key(proxy)?;
        let read = |p: &Place<'_>, w: &Words| {
            Ok(AppointmentView {
                powers: Powers(p.get("powers", w)?),
                until: Timestamp(p.get("until", w)?),
                version: p.get("version", w)?,
            })
        };
        self.view(Contract::Proxies, place, at, read).await
    }

    pub async fn requests(
        &self,
        ids: &[RequestId],
        at: At,
    ) -> Result<Attested<Vec<Option<RequestView>>>, ReadError> {
        let requests = Contract::Requests.layout()?.variable("requests")?;
        let places = ids
            .iter()
            .map(|id| requests.key(id.0))
            .collect::<Result<Vec<_>, _>>()?;
        let words = self.words(Contract::Requests, &places, at).await?;
        let views = ids
            .iter()
            .zip(&places)
            .map(|(id, place)| request(*id, place, &words.value));
        Ok(Attested {
            value: views.collect::<Result<_, _>>()?,
            standing: words.standing,
        })
    }
}

fn request(id: RequestId, p: &Place<'_>, w: &Words) -> Result<Option<RequestView>, LayoutError> {
    let state: u8 = p.get("state", w)?;
    if state == 0 {
        return Ok(None);
    }
    let purpose: u8 = p.get("purpose", w)?;
    let grant: B256 = p.get("grantId", w)?;
    let unknown =
        |what: &str, n: u8| LayoutError::Value(format!("{what} {n} of a request is not known"));
    Ok(Some(RequestView {
        id,
        owner: p.get("owner", w)?,
        asker: p.get("asker", w)?,
        asked_at: Timestamp(p.get("askedAt", w)?),
        template: p.get("templateId", w)?,
        purpose: Purpose::from_index(purpose).ok_or_else(|| unknown("purpose", purpose))?,
        window_s: p.get("window", w)?,
        actions: Actions(p.get("actions", w)?),
        state: RequestState::from_index(state).ok_or_else(|| unknown("state", state))?,
        note_hash: p.get("noteHash", w)?,
        grant: (!grant.is_zero()).then_some(GrantId(grant)),
    }))
}
