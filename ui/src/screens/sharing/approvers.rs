//! Those who have to agree before an access can be used.

use leptos::prelude::*;

use crate::components::field_problem;
use crate::format;
use crate::i18n::{t, tr};

/// What is wrong with the approver at a place, once something is entered there.
fn problem(approvers: &[String], place: usize) -> Option<&'static str> {
    let typed = approvers.get(place).filter(|a| !a.is_empty())?;
    let before = approvers.get(..place).unwrap_or_default();
    if !format::looks_like_address(typed) {
        Some(t("send.bad_address"))
    } else if before.iter().any(|a| a.eq_ignore_ascii_case(typed)) {
        Some(t("share.approver_twice"))
    } else {
        None
    }
}

/// Whether each is an address, and none stands twice.
pub fn are_named(approvers: &[String]) -> bool {
    let mut distinct: Vec<String> = approvers.iter().map(|a| a.to_lowercase()).collect();
    distinct.sort();
    distinct.dedup();
    distinct.len() == approvers.len() && approvers.iter().all(|a| format::looks_like_address(a))
}

/// A field for each approver; none where none is needed. `named` takes what is entered at a place.
pub fn approver_fields(
    approvers: impl Fn() -> Vec<String> + Copy + Send + Sync + 'static,
    named: impl Fn(usize, String) + Copy + Send + Sync + 'static,
) -> AnyView {
    let count = Memo::new(move |_| approvers().len());
    let field = move |place: usize| {
        let id = format!("approver-{place}");
        let said_by = format!("{id}-problem");
        view! {
            <div class="field">
                <label for=id.clone()>{tr("share.approver", &[("n", &(place + 1).to_string())])}</label>
                <input class="input mono" id=id autocomplete="off" spellcheck="false" placeholder="0x…" aria-describedby=said_by.clone()
                    prop:value=move || approvers().get(place).cloned().unwrap_or_default()
                    on:input=move |event| named(place, event_target_value(&event).trim().to_owned())/>
                {field_problem(said_by, move || problem(&approvers(), place))}
            </div>
        }
    };
    view! {
        {move || (count.get() > 0).then(|| view! {
            <section class="section">
                <h2>{t("share.approvers")}</h2>
                <p class="sub">{t("share.approvers_text")}</p>
                {(0..count.get()).map(field).collect::<Vec<_>>()}
            </section>
        })}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_approver_is_an_address_and_stands_once() {
        let one = "0x0123456789abcdef0123456789abcdef01234567".to_owned();
        let upper = one.to_uppercase().replacen("0X", "0x", 1);
        let other = "0x1123456789abcdef0123456789abcdef01234567".to_owned();
        assert!(are_named(&[]));
        assert!(are_named(&[one.clone(), other]));
        assert!(!are_named(&[one.clone(), upper]));
        assert!(!are_named(&[one, String::new()]));
    }
}
