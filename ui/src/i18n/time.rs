//! Dates by locale (`Intl`, through `Date`) and relative to now.

use js_sys::{Date, Object, Reflect};
use wasm_bindgen::JsValue;

use super::{Locale, locale, t, tn};

pub const DAY_MS: f64 = 86_400_000.0;

pub fn now_ms() -> f64 {
    Date::now()
}

/// Milliseconds since 1970 as RFC 3339.
pub fn iso(ms: f64) -> String {
    js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(ms))
        .to_iso_string()
        .into()
}

/// Milliseconds since 1970 of an RFC 3339 time or full date; `None` where it is neither.
pub fn parse(time: &str) -> Option<f64> {
    let ms = Date::parse(time);
    (!ms.is_nan()).then_some(ms)
}

fn shown(ms: f64, options: &[(&str, &str)]) -> String {
    let object = Object::new();
    for (name, value) in options {
        // Setting a property of an object made above cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    let date = Date::new(&JsValue::from_f64(ms));
    String::from(date.to_locale_string(locale().format_tag(), &object))
}

/// "22 November 2026".
pub fn date(time: &str) -> String {
    match parse(time) {
        Some(ms) => {
            // A date without a time is that day everywhere, not midnight in Greenwich.
            let zone = if time.len() == 10 {
                vec![("timeZone", "UTC")]
            } else {
                vec![]
            };
            let mut options = vec![("day", "numeric"), ("month", "long"), ("year", "numeric")];
            options.extend(zone);
            shown(ms, &options)
        }
        None => time.to_owned(),
    }
}

/// "November 2026", for headings of a timeline.
pub fn month(time: &str) -> String {
    parse(time).map_or_else(
        || t("records.undated").to_owned(),
        |ms| {
            shown(
                ms,
                &[("month", "long"), ("year", "numeric"), ("timeZone", "UTC")],
            )
        },
    )
}

/// "29 November", or with the year where it is another one.
pub fn day(time: &str) -> String {
    let Some(ms) = parse(time) else {
        return time.to_owned();
    };
    let mut options = vec![("day", "numeric"), ("month", "long")];
    if Date::new(&JsValue::from_f64(ms)).get_full_year() != Date::new_0().get_full_year() {
        options.push(("year", "numeric"));
    }
    shown(ms, &options)
}

/// "29 Nov", for an axis.
pub fn short_day(time: &str) -> String {
    parse(time).map_or_else(
        || time.to_owned(),
        |ms| shown(ms, &[("day", "numeric"), ("month", "short")]),
    )
}

/// A day of a chain by when it began: the date, or the time where a network's days are shorter.
pub fn chain_day(begins: &str, short: bool) -> String {
    match (parse(begins).unwrap_or(0.0) % DAY_MS == 0.0, short) {
        (true, true) => short_day(begins),
        (true, false) => day(begins),
        (false, true) => clock(begins),
        (false, false) => when(begins),
    }
}

/// "16:40".
pub fn clock(time: &str) -> String {
    parse(time).map_or_else(
        || time.to_owned(),
        |ms| {
            shown(
                ms,
                &[
                    ("hour", "2-digit"),
                    ("minute", "2-digit"),
                    ("hourCycle", "h23"),
                ],
            )
        },
    )
}

/// "29 November, 18:00".
pub fn moment(time: &str) -> String {
    format!("{}{}{}", day(time), separator(), clock(time))
}

fn separator() -> &'static str {
    match locale() {
        Locale::En => ", ",
        Locale::ZhCn => " ",
    }
}

/// The calendar day of a time relative to today: "Today", "Yesterday", else the date.
pub fn day_heading(time: &str) -> String {
    let Some(ms) = parse(time) else {
        return time.to_owned();
    };
    match calendar_days_between(ms, now_ms()) {
        0 => t("time.today").to_owned(),
        1 => t("time.yesterday").to_owned(),
        _ => day(time),
    }
}

/// "today 09:12", "yesterday 16:40", "22 November, 16:40".
pub fn when(time: &str) -> String {
    let Some(ms) = parse(time) else {
        return time.to_owned();
    };
    match calendar_days_between(ms, now_ms()) {
        0 => format!("{} {}", t("time.today_inline"), clock(time)),
        1 => format!("{} {}", t("time.yesterday_inline"), clock(time)),
        _ => moment(time),
    }
}

fn calendar_days_between(earlier: f64, later: f64) -> i64 {
    let offset = Date::new_0().get_timezone_offset() * 60_000.0;
    let day = |ms: f64| ((ms - offset) / DAY_MS).floor() as i64;
    day(later) - day(earlier)
}

/// A span of time in the unit people would use for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Over,
    Minutes(u64),
    Hours(u64),
    Days(u64),
}

/// What is left until `then`: days from two days on, hours from two hours on, rounded down.
pub fn span(now: f64, then: f64) -> Span {
    let left = then - now;
    if left <= 0.0 {
        return Span::Over;
    }
    let minutes = (left / 60_000.0).ceil() as u64;
    match minutes {
        0..120 => Span::Minutes(minutes),
        120..2880 => Span::Hours(minutes / 60),
        _ => Span::Days(minutes / 1440),
    }
}

/// "7 days", "5 hours", "over".
pub fn left(then: &str) -> String {
    match parse(then).map_or(Span::Over, |then| span(now_ms(), then)) {
        Span::Over => t("time.over").to_owned(),
        Span::Minutes(n) => tn("time.minutes", n, &[]),
        Span::Hours(n) => tn("time.hours", n, &[]),
        Span::Days(n) => tn("time.days", n, &[]),
    }
}

/// Whether less than three days are left: shown as ending soon.
pub fn ends_soon(then: &str) -> bool {
    parse(then).is_some_and(|then| then - now_ms() < 3.0 * DAY_MS)
}

/// A length of seconds: "90 days", "12 hours".
pub fn length(seconds: u64) -> String {
    match span(0.0, seconds as f64 * 1000.0) {
        Span::Over => tn("time.minutes", 0, &[]),
        Span::Minutes(n) => tn("time.minutes", n, &[]),
        Span::Hours(n) => tn("time.hours", n, &[]),
        Span::Days(n) => tn("time.days", n, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_in_the_unit_people_use() {
        let minute = 60_000.0;
        assert_eq!(span(5.0, 5.0), Span::Over);
        assert_eq!(span(10.0, 5.0), Span::Over);
        assert_eq!(span(0.0, minute), Span::Minutes(1));
        assert_eq!(span(0.0, 119.0 * minute), Span::Minutes(119));
        assert_eq!(span(0.0, 120.0 * minute), Span::Hours(2));
        assert_eq!(span(0.0, 47.9 * 60.0 * minute), Span::Hours(47));
        assert_eq!(span(0.0, 2.0 * DAY_MS), Span::Days(2));
        assert_eq!(span(0.0, 7.0 * DAY_MS), Span::Days(7));
    }
}
