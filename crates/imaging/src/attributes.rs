//! Reading attributes out of a data set, with multi-frame functional groups resolved
//! (PS3.3 C.7.6.16).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// Text without its padding; `None` where absent or empty.
pub(crate) fn text(data: &InMemDicomObject, tag: Tag) -> Option<String> {
    let value = data.get(tag)?.to_str().ok()?;
    let trimmed = value.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// The values of a multi-valued text.
pub(crate) fn texts(data: &InMemDicomObject, tag: Tag) -> Vec<String> {
    let Some(value) = text(data, tag) else {
        return Vec::new();
    };
    value.split('\\').map(|v| v.trim().to_owned()).collect()
}

pub(crate) fn integer(data: &InMemDicomObject, tag: Tag) -> Option<i64> {
    let element = data.get(tag)?;
    element
        .to_int::<i64>()
        .ok()
        .or_else(|| text(data, tag)?.parse().ok())
}

pub(crate) fn unsigned16(data: &InMemDicomObject, tag: Tag) -> Option<u16> {
    integer(data, tag).and_then(|v| u16::try_from(v).ok())
}

/// The finite numbers of a decimal string or binary float; `None` where any is not a number.
pub(crate) fn floats(data: &InMemDicomObject, tag: Tag) -> Option<Vec<f64>> {
    let values = data.get(tag)?.to_multi_float64().ok()?;
    (!values.is_empty() && values.iter().all(|v| v.is_finite())).then_some(values)
}

pub(crate) fn float(data: &InMemDicomObject, tag: Tag) -> Option<f64> {
    floats(data, tag)?.first().copied()
}

pub(crate) fn vector<const N: usize>(data: &InMemDicomObject, tag: Tag) -> Option<[f64; N]> {
    floats(data, tag)?.get(..N)?.try_into().ok()
}

pub(crate) fn first_item(data: &InMemDicomObject, sequence: Tag) -> Option<&InMemDicomObject> {
    data.get(sequence)?.items()?.first()
}

/// The data set that holds an attribute group of one frame: the frame's own functional group,
/// the shared one, or the top level of a classic object.
pub(crate) fn frame_group(
    data: &InMemDicomObject,
    frame: u32,
    group: Tag,
) -> Option<&InMemDicomObject> {
    let own = data
        .get(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
        .and_then(|e| e.items())
        .and_then(|items| items.get(frame as usize))
        .and_then(|item| first_item(item, group));
    own.or_else(|| {
        first_item(data, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
            .and_then(|item| first_item(item, group))
    })
}

/// As [`frame_group`], with the top level where the object has no such group.
pub(crate) fn frame_group_or_top(
    data: &InMemDicomObject,
    frame: u32,
    group: Tag,
) -> &InMemDicomObject {
    frame_group(data, frame, group).unwrap_or(data)
}

/// `20261122` as `2026-11-22`; `None` where it is no date.
pub(crate) fn date(data: &InMemDicomObject, tag: Tag) -> Option<String> {
    let digits: String = text(data, tag)?
        .chars()
        .filter(|c| *c != '.' && *c != '-')
        .collect();
    let valid = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then(|| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

/// `142035.93` as `14:20:35`; `None` where it is no time.
pub(crate) fn time(data: &InMemDicomObject, tag: Tag) -> Option<String> {
    let digits: String = text(data, tag)?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    match digits.len() {
        4 => Some(format!("{}:{}", &digits[..2], &digits[2..])),
        6 => Some(format!(
            "{}:{}:{}",
            &digits[..2],
            &digits[2..4],
            &digits[4..]
        )),
        _ => None,
    }
}
