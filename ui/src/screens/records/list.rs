//! `/records`: the timeline, its filters, import.

use dhc_ipc::{RecordView, Records, RecordsView};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::import::import_panel;
use super::{extent, title};
use crate::components::{Icon, empty, heading, icon, mark, shown, thumbnail};
use crate::i18n::{t, time, tn, words};
use crate::session::session;

/// What narrows the list. Empty: anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub modality: String,
    pub institution: String,
    pub since: String,
}

impl Filter {
    pub fn admits(&self, record: &RecordView) -> bool {
        let modality = self.modality.is_empty() || record.modalities.contains(&self.modality);
        let institution =
            self.institution.is_empty() || record.institution.as_deref() == Some(&self.institution);
        // Full dates compare as text.
        let since = self.since.is_empty() || record.date >= self.since;
        modality && institution && since
    }
}

/// Records by month, newest first; those without a date last.
pub fn by_month(mut records: Vec<RecordView>) -> Vec<(String, Vec<RecordView>)> {
    records.sort_by(|a, b| b.date.cmp(&a.date).then(b.imported.cmp(&a.imported)));
    let mut months: Vec<(String, Vec<RecordView>)> = Vec::new();
    for record in records {
        let month = record.date.get(..7).unwrap_or_default().to_owned();
        match months.last_mut() {
            Some((last, list)) if *last == month => list.push(record),
            _ => months.push((month, vec![record])),
        }
    }
    months
}

pub fn records_screen() -> AnyView {
    let session = session();
    let records = session.read(|| Records {});
    let filter = RwSignal::new(Filter::default());
    let open = use_query_map().with_untracked(|q| q.get("import").is_some());
    view! {
        <main class="main wide" id="content">
            {heading(t("nav.records"))}
            <div class="columns reversed">
                {import_panel(open)}
                <div class="stack">{shown(records, move |view| draw(view, filter))}</div>
            </div>
        </main>
    }
    .into_any()
}

fn draw(view: RecordsView, filter: RwSignal<Filter>) -> AnyView {
    if view.records.is_empty() {
        return empty(
            Icon::FolderHeart,
            t("records.empty_title"),
            t("records.empty_text"),
            None,
        );
    }
    let choices = filters(&view.records, filter);
    let records = StoredValue::new(view.records);
    view! {
        {choices}
        {move || {
            let kept: Vec<_> = records.with_value(|all| all.iter().filter(|r| filter.with(|f| f.admits(r))).cloned().collect());
            if kept.is_empty() {
                return empty(Icon::Sliders, t("records.none_title"), t("records.none_text"), None);
            }
            by_month(kept).into_iter().map(|(month, records)| view! {
                <section class="section">
                    <h2>{time::month(&month)}</h2>
                    <div class="card flush rows">{records.into_iter().map(row).collect::<Vec<_>>()}</div>
                </section>
            }).collect::<Vec<_>>().into_any()
        }}
    }
    .into_any()
}

fn filters(records: &[RecordView], filter: RwSignal<Filter>) -> AnyView {
    let mut modalities: Vec<String> = records.iter().flat_map(|r| r.modalities.clone()).collect();
    modalities.sort();
    modalities.dedup();
    let mut places: Vec<String> = records
        .iter()
        .filter_map(|r| r.institution.clone())
        .collect();
    places.sort();
    places.dedup();
    if records.len() < 2 {
        return ().into_any();
    }
    view! {
        <div class="filters large-hide" role="group" aria-label=t("records.filter")>
            <select class="input" aria-label=t("records.kind")
                on:change=move |event| filter.update(|f| f.modality = event_target_value(&event))>
                <option value="">{t("records.any_kind")}</option>
                {modalities.into_iter().map(|m| view! { <option value=m.clone()>{words::modality(&m)}</option> }).collect::<Vec<_>>()}
            </select>
            {(!places.is_empty()).then(|| view! {
                <select class="input" aria-label=t("records.hospital")
                    on:change=move |event| filter.update(|f| f.institution = event_target_value(&event))>
                    <option value="">{t("records.any_hospital")}</option>
                    {places.into_iter().map(|p| view! { <option value=p.clone()>{p.clone()}</option> }).collect::<Vec<_>>()}
                </select>
            })}
            <input class="input" type="date" aria-label=t("records.since")
                on:change=move |event| filter.update(|f| f.since = event_target_value(&event))/>
        </div>
    }
    .into_any()
}

fn row(record: RecordView) -> AnyView {
    let mut parts = Vec::new();
    if !record.date.is_empty() {
        parts.push(time::date(&record.date));
    }
    parts.extend(record.institution.clone());
    parts.push(extent(&record));
    if record.shared_with > 0 {
        parts.push(tn(
            "records.shared_with",
            u64::from(record.shared_with),
            &[],
        ));
    }
    let seal = record.issuer.is_some().then(|| {
        view! { <span class="chip ok">{icon(Icon::BadgeCheck)}{t("records.genuine")}</span> }
    });
    view! {
        <a class="row-link" href=format!("/records/{}", record.id)>
            {thumbnail("thumb", &record.id, 0)}
            <span class="grow stack-xs">
                <span class="strong">{title(&record)}</span>
                <span class="sub">{parts.join(" · ")}</span>
                <span class="row wrap">{seal}{mark(&record.standing)}</span>
            </span>
            {icon(Icon::ChevronRight)}
        </a>
    }
    .into_any()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use dhc_ipc::Standing;

    pub fn record(id: &str, date: &str, modality: &str, institution: Option<&str>) -> RecordView {
        RecordView {
            id: id.into(),
            study_uid: "1.2.3".into(),
            date: date.into(),
            modalities: vec![modality.into()],
            description: String::new(),
            series: 1,
            instances: 3,
            bytes: 10,
            cid: String::new(),
            commitment: String::new(),
            indexed: None,
            sponsored_by: None,
            standing: Standing::Pending { height: 1 },
            body_part: None,
            institution: institution.map(Into::into),
            patient_name: None,
            issuer: None,
            issuer_name: None,
            contributed: false,
            imported: String::new(),
            shared_with: 0,
        }
    }

    #[test]
    fn records_stand_by_month_newest_first() {
        let months = by_month(vec![
            record("a", "2026-01-03", "MR", None),
            record("b", "", "MR", None),
            record("c", "2026-11-22", "CT", None),
            record("d", "2026-11-02", "CT", None),
        ]);
        let ids: Vec<Vec<&str>> = months
            .iter()
            .map(|(_, l)| l.iter().map(|r| r.id.as_str()).collect())
            .collect();
        assert_eq!(ids, [vec!["c", "d"], vec!["a"], vec!["b"]]);
    }

    #[test]
    fn a_filter_admits_what_fits_all_of_it() {
        let record = record("a", "2026-01-03", "MR", Some("Lakeside"));
        let filter = |modality: &str, institution: &str, since: &str| Filter {
            modality: modality.into(),
            institution: institution.into(),
            since: since.into(),
        };
        assert!(filter("", "", "").admits(&record));
        assert!(filter("MR", "Lakeside", "2026-01-03").admits(&record));
        assert!(!filter("CT", "", "").admits(&record));
        assert!(!filter("", "Other", "").admits(&record));
        assert!(!filter("", "", "2026-01-04").admits(&record));
    }
}
