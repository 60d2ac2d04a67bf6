//! Rewards by day, as bars.

use dhc_ipc::{DayState, DayView};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::plot_label;
use crate::format;
use crate::i18n::{locale, time};

/// Its width until it has a place of a size.
const NARROW: f64 = 320.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 56.0;
/// Room for half of the last label.
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 30.0;
const TOP: f64 = 10.0;
/// Days drawn at most: the newest.
const MOST: usize = 30;

/// A round number at or above `highest`: 1, 2 or 5 times a power of ten.
pub fn scale_top(highest: f64) -> f64 {
    if highest <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(highest.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|top| *top >= highest * 0.999_999)
        .unwrap_or(highest)
}

/// As wide as its place: text keeps its size, bars move apart.
pub fn rewards(days: &[DayView]) -> AnyView {
    let mut days = days.to_vec();
    days.sort_by_key(|day| day.day);
    let days = days.split_off(days.len().saturating_sub(MOST));
    let total: f64 = days.iter().map(|d| format::approximate(&d.reward)).sum();
    let label = plot_label(days.len(), &format::dhl(&format!("{:.0}", total * 1e18)));
    let width = RwSignal::new(NARROW);
    let place = NodeRef::<html::Div>::new();
    follow_width(place, width);
    view! {
        <div node_ref=place role="img" aria-label=label>{move || bars(&days, width.get())}</div>
    }
    .into_any()
}

fn follow_width(place: NodeRef<html::Div>, width: RwSignal<f64>) {
    Effect::new(move |_| {
        let Some(element) = place.get() else { return };
        let target = element.clone();
        let measure = move || {
            let now = f64::from(target.client_width()).max(NARROW / 2.0);
            if width
                .try_get_untracked()
                .is_some_and(|before| before != now)
            {
                width.set(now);
            }
        };
        measure();
        let resized = Closure::<dyn Fn()>::new(measure);
        if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&element);
            let kept = StoredValue::new_local((observer, resized));
            on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
        }
    });
}

fn bars(days: &[DayView], width: f64) -> AnyView {
    let values: Vec<f64> = days
        .iter()
        .map(|day| format::approximate(&day.reward))
        .collect();
    let top = scale_top(values.iter().copied().fold(0.0, f64::max));
    let inner = HEIGHT - TOP - BOTTOM;
    let slot = (width - LEFT - RIGHT) / days.len().max(1) as f64;
    let bar = (slot * 0.62).min(72.0);
    let y = move |value: f64| TOP + inner * (1.0 - value / top);
    let grid: Vec<_> = [0.0, 0.5, 1.0]
        .into_iter()
        .map(|part| {
            let line = y(top * part);
            let label = compact(top * part);
            view! {
                <line class="grid" x1=LEFT x2=width y1=line y2=line></line>
                <text x=LEFT - 8.0 y=line + 4.0 text-anchor="end">{label}</text>
            }
        })
        .collect();
    let every = days.len().div_ceil(5).max(1);
    let bars: Vec<_> = days
        .iter()
        .zip(&values)
        .enumerate()
        .map(|(i, (day, &value))| {
            let x = LEFT + slot * i as f64 + (slot - bar) / 2.0;
            let class = if day.state == DayState::Open { "bar open" } else { "bar" };
            let height = (inner * value / top).max(if value > 0.0 { 2.0 } else { 0.0 });
            let label = (i % every == 0).then(|| {
                view! { <text x=x + bar / 2.0 y=HEIGHT - 8.0 text-anchor="middle">{time::chain_day(&day.begins, true)}</text> }
            });
            view! { <rect class=class x=x y=TOP + inner - height width=bar height=height rx="4"></rect>{label} }
        })
        .collect();
    view! {
        <svg class="plot" viewBox=format!("0 0 {width} {HEIGHT}") aria-hidden="true">{grid}{bars}</svg>
    }
    .into_any()
}

/// A number in few signs, by locale: "0.5", "250", "2.5M", "250万".
fn compact(value: f64) -> String {
    if value < 1000.0 {
        return format::dhl(&format!("{:.0}", value * 1e18));
    }
    let options = js_sys::Object::new();
    for (name, choice) in [("notation", "compact"), ("compactDisplay", "short")] {
        // Setting a property of an object made above cannot fail.
        let _ = js_sys::Reflect::set(&options, &name.into(), &choice.into());
    }
    let whole = js_sys::BigInt::from(value as u64);
    whole
        .to_locale_string(&locale().format_tag().into(), &options)
        .into()
}

#[cfg(test)]
mod tests {
    use super::scale_top;

    #[test]
    fn the_axis_ends_at_a_round_number() {
        assert_eq!(scale_top(0.0), 1.0);
        assert_eq!(scale_top(12.4), 20.0);
        assert_eq!(scale_top(20.0), 20.0);
        assert_eq!(scale_top(0.03), 0.05);
        assert_eq!(scale_top(947_000.0), 1_000_000.0);
    }
}
