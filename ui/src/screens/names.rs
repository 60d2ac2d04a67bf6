//! What films are called where only their ids are told.

use dhc_ipc::{GrantItemView, GrantView, Grants, GrantsView, Records, RecordsView};
use leptos::prelude::*;

use super::records::full_title;
use super::sharing::film_name;
use crate::i18n::words;
use crate::session::{Loaded, Session};

/// The lists that know what records and grants are about.
#[derive(Clone, Copy)]
pub struct Names {
    records: RwSignal<Loaded<RecordsView>>,
    grants: Option<RwSignal<Loaded<GrantsView>>>,
}

impl Names {
    pub fn of_records(session: Session) -> Self {
        Self {
            records: session.read(|| Records {}),
            grants: None,
        }
    }

    pub fn of_everything(session: Session) -> Self {
        Self {
            grants: Some(session.read(|| Grants { direction: None })),
            ..Self::of_records(session)
        }
    }

    /// Whether the lists have not come yet; without them names are plainer.
    pub fn is_waiting(self) -> bool {
        self.records.with(|r| matches!(r, Loaded::Waiting))
            || self
                .grants
                .is_some_and(|g| g.with(|g| matches!(g, Loaded::Waiting)))
    }

    /// A record of mine; `told`: the title that came with its id.
    pub fn record(self, id: &str, told: &str) -> String {
        self.known_record(id)
            .unwrap_or_else(|| words::film_title(told, None, &[], ""))
    }

    fn known_record(self, id: &str) -> Option<String> {
        self.records.with(|records| match records {
            Loaded::Ready(view) => view.records.iter().find(|r| r.id == id).map(full_title),
            _ => None,
        })
    }

    /// What a grant of mine is about.
    pub fn given(self, grant: &GrantView) -> String {
        self.known_record(&grant.study)
            .unwrap_or_else(|| film_name(grant))
    }

    /// One of the records of a grant.
    pub fn item(self, item: &GrantItemView) -> String {
        self.known_record(&item.study).unwrap_or_else(|| {
            words::film_title(
                item.title.as_deref().unwrap_or_default(),
                None,
                &item.modalities,
                item.date.as_deref().unwrap_or_default(),
            )
        })
    }

    /// What a grant is about; `told`: the title that came with its id.
    pub fn grant(self, id: &str, told: &str) -> String {
        self.grants
            .and_then(|grants| {
                grants.with(|grants| match grants {
                    Loaded::Ready(view) => {
                        view.grants.iter().find(|g| g.grant == id).map(film_name)
                    }
                    _ => None,
                })
            })
            .unwrap_or_else(|| words::film_title(told, None, &[], ""))
    }
}
