//! Until when: a span at hand, or a day.

use leptos::prelude::*;

use crate::components::{field_problem, option};
use crate::i18n::time::DAY_MS;
use crate::i18n::{t, time, tn, tr};

/// The choice of a day instead of a span.
const DAY: &str = "day";

/// When something is to end. Times are milliseconds since 1970.
#[derive(Clone, Copy)]
pub struct End {
    /// Days from now, or [`DAY`].
    chosen: RwSignal<String>,
    /// As a date field writes it: `2026-11-30`.
    day: RwSignal<String>,
}

/// Why something cannot end then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    Past,
    /// Not later than it ends now.
    NotLater,
    TooLong,
}

/// What the rules say of an end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// It ends then already.
    pub after: Option<f64>,
    /// The longest span from now, seconds.
    pub most_s: Option<u64>,
}

impl Limits {
    /// The last moment that is admitted.
    pub fn last(self, now: f64) -> Option<f64> {
        self.most_s.map(|s| now + s as f64 * 1000.0)
    }

    pub fn judge(self, now: f64, end: f64) -> Option<Problem> {
        if end <= now {
            Some(Problem::Past)
        } else if self.after.is_some_and(|after| end <= after) {
            Some(Problem::NotLater)
        } else if self.last(now).is_some_and(|last| end > last) {
            Some(Problem::TooLong)
        } else {
            None
        }
    }
}

impl End {
    pub fn new() -> Self {
        Self {
            chosen: RwSignal::new(String::new()),
            day: RwSignal::new(String::new()),
        }
    }

    pub fn clear(self) {
        self.chosen.set(String::new());
        self.day.set(String::new());
    }

    /// When it is to end; `None` before that is chosen. Tracked.
    pub fn at(self) -> Option<f64> {
        let chosen = self.chosen.get();
        if chosen == DAY {
            // The whole of that day, where this device is.
            return self.day.with(|day| time::parse(&format!("{day}T23:59:59")));
        }
        let days: f64 = chosen.parse().ok()?;
        Some(time::now_ms() + days * DAY_MS)
    }

    /// As the core takes it; `None` before it is chosen.
    pub fn told(self) -> Option<String> {
        let chosen = self.chosen.get_untracked();
        if chosen == DAY {
            return untrack(|| self.at()).map(time::iso);
        }
        (!chosen.is_empty()).then(|| format!("{chosen}d"))
    }

    /// Whether it is chosen and admitted; tracked.
    pub fn is_ready(self, limits: Limits) -> bool {
        self.at()
            .is_some_and(|end| limits.judge(time::now_ms(), end).is_none())
    }
}

fn words(problem: Problem, limits: Limits) -> String {
    match problem {
        Problem::Past => t("end.past").to_owned(),
        Problem::NotLater => {
            let ends = limits.after.map(time::iso).unwrap_or_default();
            tr("end.not_later", &[("time", &time::moment(&ends))])
        }
        Problem::TooLong => {
            let span = time::length(limits.most_s.unwrap_or_default());
            tr("end.too_long", &[("span", &span)])
        }
    }
}

/// The choice. `spans`: days at hand, of which those are offered that the rules admit.
pub fn end_choice(end: End, spans: &[u32], limits: Limits) -> AnyView {
    let now = time::now_ms();
    let admitted = |days: &&u32| {
        limits
            .judge(now, now + f64::from(**days) * DAY_MS)
            .is_none()
    };
    let offered: Vec<u32> = spans.iter().filter(admitted).copied().collect();
    if end.chosen.get_untracked().is_empty() {
        let first = offered
            .first()
            .map_or_else(|| DAY.to_owned(), u32::to_string);
        end.chosen.set(first);
    }
    let segment = move |value: String, label: String| {
        option(
            "end",
            &value,
            end.chosen,
            view! { {label} }.into_any(),
            false,
        )
    };
    let spans: Vec<_> = offered
        .into_iter()
        .map(|days| segment(days.to_string(), tn("time.days", u64::from(days), &[])))
        .collect();
    let date = |ms: f64| time::iso(ms).chars().take(10).collect::<String>();
    let first = date(limits.after.map_or(now, |after| after.max(now)));
    let last = limits.last(now).map(date);
    let wrong = move || {
        let problem = limits.judge(time::now_ms(), end.at()?);
        problem.map(|problem| words(problem, limits))
    };
    view! {
        <div class="field">
            <span class="label" id="end-label">{t("share.until")}</span>
            <div class="segments" role="radiogroup" aria-labelledby="end-label">
                {spans}
                {segment(DAY.into(), t("end.a_day").to_owned())}
            </div>
        </div>
        {move || (end.chosen.get() == DAY).then(|| view! {
            <div class="field">
                <label for="end-day">{t("end.last_day")}</label>
                <input class="input" id="end-day" type="date" min=first.clone() max=last.clone() aria-describedby="end-problem"
                    prop:value=end.day on:input=move |event| end.day.set(event_target_value(&event))/>
            </div>
        })}
        {limits.most_s.map(|s| view! { <p class="hint">{tr("end.at_most", &[("span", &time::length(s))])}</p> })}
        {field_problem("end-problem", wrong)}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_in_the_future_later_than_before_and_within_the_rules() {
        let limits = Limits {
            after: Some(50.0),
            most_s: Some(1),
        };
        for (end, problem) in [
            (9.0, Some(Problem::Past)),
            (10.0, Some(Problem::Past)),
            (50.0, Some(Problem::NotLater)),
            (51.0, None),
            (1010.0, None),
            (1011.0, Some(Problem::TooLong)),
        ] {
            assert_eq!(limits.judge(10.0, end), problem, "{end}");
        }
        assert_eq!(Limits::default().judge(10.0, 1e15), None);
    }
}
