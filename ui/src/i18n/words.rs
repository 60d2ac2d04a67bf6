//! Codes, purposes and other names of the wire in people's words.

use dhc_ipc::{Code, Failure, Stage, Standing};

use super::{lookup, t, time, tr};
use crate::format;

/// What went wrong, in a sentence, by its code alone.
pub fn failure(failure: &Failure) -> &'static str {
    code(failure.code)
}

pub fn code(code: Code) -> &'static str {
    lookup(&format!("code.{code}")).unwrap_or(t("code.internal"))
}

/// A purpose of use (HL7 v3 PurposeOfUse code) in plain words: "to treat me".
pub fn purpose(code: &str) -> String {
    lookup(&format!("purpose.{code}")).map_or_else(|| code.to_owned(), str::to_owned)
}

/// The same for those it is granted to: "Treatment".
pub fn purpose_noun(code: &str) -> String {
    lookup(&format!("purpose_noun.{code}")).map_or_else(|| code.to_owned(), str::to_owned)
}

/// The name of a compliance template: "Treatment".
pub fn template(name: &str) -> String {
    lookup(&format!("template.{name}")).map_or_else(|| name.to_owned(), str::to_owned)
}

/// The same for those who ask under it: "Treatment".
pub fn asked_template(name: &str) -> String {
    lookup(&format!("template_noun.{name}")).map_or_else(|| name.to_owned(), str::to_owned)
}

/// What a template allows, in one sentence.
pub fn template_meaning(name: &str) -> &'static str {
    lookup(&format!("template_meaning.{name}")).unwrap_or("")
}

/// What somebody may do with what they open, in plain words: "look, save copies".
pub fn actions(codes: &[String]) -> String {
    let words: Vec<String> = codes
        .iter()
        .map(|code| lookup(&format!("allow.{code}")).map_or_else(|| code.clone(), str::to_owned))
        .collect();
    tr("allow.these", &[("what", &words.join(t("allow.and")))])
}

/// Something to be allowed or not: "Save copies".
pub fn action(code: &str) -> String {
    lookup(&format!("action_name.{code}")).map_or_else(|| code.to_owned(), str::to_owned)
}

pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => t("stage.reading"),
        Stage::Sealing => t("stage.sealing"),
        Stage::Committing => t("stage.committing"),
        Stage::Proving => t("stage.proving"),
        Stage::AskingForKey => t("stage.asking_for_key"),
        Stage::Fetching => t("stage.fetching"),
    }
}

/// A modality (DICOM CS) in plain words: "MRI".
pub fn modality(code: &str) -> String {
    lookup(&format!("modality.{code}")).map_or_else(|| code.to_owned(), str::to_owned)
}

/// How well a value is known, in a sentence.
pub fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Proven { height } => tr(
            "standing.proven_at",
            &[("height", &format::grouped(*height))],
        ),
        Standing::Pending { height } => tr(
            "standing.waiting_for",
            &[("height", &format::grouped(*height + 1))],
        ),
        Standing::Unproven { reason } => tr("standing.unproven_because", &[("why", code(*reason))]),
    }
}

/// A film's name: its study's description in words, else what was imaged, how, and when. A
/// description that only lists modalities is none. `date`: empty where it stands beside anyway.
pub fn film_title(
    description: &str,
    body_part: Option<&str>,
    modalities: &[String],
    date: &str,
) -> String {
    let listed: Vec<&str> = description.trim().split(", ").collect();
    let only_lists = listed
        .iter()
        .all(|code| lookup(&format!("modality.{code}")).is_some());
    if let Some(words) = format::described(description)
        && !only_lists
    {
        return words;
    }
    let how = if modalities.is_empty() && only_lists {
        kinds(&listed)
    } else {
        kinds(modalities)
    };
    match body_part.map(str::trim).filter(|part| !part.is_empty()) {
        Some(part) => {
            let known = lookup(&format!("body.{}", part.to_uppercase()));
            let part = known.map_or_else(|| capitalised(part), str::to_owned);
            tr("film.part_and_kind", &[("part", &part), ("kind", &how)])
        }
        None => match (how.is_empty(), date.is_empty()) {
            (true, true) => t("film.untitled").to_owned(),
            (true, false) => tr("film.on", &[("date", &time::date(date))]),
            (false, true) => tr("film.of_kind", &[("kind", &how)]),
            (false, false) => tr(
                "film.of_kind_on",
                &[("kind", &how), ("date", &time::date(date))],
            ),
        },
    }
}

/// Modalities in plain words: "MRI + PET".
pub fn kinds<S: AsRef<str>>(modalities: &[S]) -> String {
    let words: Vec<String> = modalities
        .iter()
        .map(|code| modality(code.as_ref()))
        .collect();
    words.join(" + ")
}

fn capitalised(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let mut chars = lower.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::film_title;

    #[test]
    fn a_film_is_called_by_its_description_or_by_what_it_shows() {
        let mr = ["MR".to_owned()];
        let title = |description, part, modalities: &[String]| {
            film_title(description, part, modalities, "")
        };
        assert_eq!(title("Brain_MRI", Some("BRAIN"), &mr), "Brain MRI");
        assert_eq!(title("", Some("BRAIN"), &mr), "Brain MRI");
        assert_eq!(title("Lab^0024_rest", Some("BRAIN"), &mr), "Brain MRI");
        assert_eq!(title("Lab^0024_rest", None, &mr), "MRI study");
        assert_eq!(title("MR", None, &[]), "MRI study");
        assert_eq!(title("MR, PT", None, &[]), "MRI + PET study");
        assert_eq!(title("", Some("TIBIA"), &["DX".to_owned()]), "Tibia X-ray");
        assert_eq!(title("", None, &[]), "a film");
    }
}
