//! What stands over the film: whose it is, which slice, which window, which way, how big.

use dhc_ipc::PixelKind;
use leptos::prelude::*;

use super::measured;
use super::state::Viewer;
use crate::format;
use crate::i18n::{t, time, tr};
use crate::viewer::geometry;

/// A number with as many digits as a reader needs.
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 10.0 || value == value.trunc() => format!("{value:.0}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.2e}"),
    }
}

pub fn overlays(viewer: Viewer) -> AnyView {
    let film = viewer.film.get_value();
    let birth = match film.birth_date.as_str() {
        "" => String::new(),
        date => time::date(date),
    };
    let patient = [
        format::person(&film.patient),
        film.patient_id.clone(),
        birth,
        film.sex.clone(),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n");
    let place = [
        if film.date.is_empty() {
            String::new()
        } else {
            time::date(&film.date)
        },
        film.institution.clone(),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n");
    let series = move || {
        let series = viewer.series_view();
        if series.description.is_empty() {
            series.modality
        } else {
            series.description
        }
    };
    // Colours have no window.
    let grey = move || {
        viewer
            .shown
            .with(|s| s.as_ref().is_some_and(|(_, h)| h.kind != PixelKind::Rgb8))
    };
    let window = move || {
        let window = viewer.window_now().filter(|_| grey());
        window.map(|w| format!("W {} L {}", short(w.width), short(w.centre)))
    };
    let zoom = move || {
        let magnification = viewer
            .placement()
            .map(|p| format!("{:.1}", p.magnification() / viewer.density.get()));
        let spacing = viewer
            .series_view()
            .spacing
            .map(|s| format!(" · {:.2} mm", s[1]))
            .unwrap_or_default();
        magnification.map(|m| format!("{} {m}{spacing}", t("film.zoom")))
    };
    let probe = move || {
        let units = viewer
            .shown
            .with(|s| s.as_ref().map(|(_, h)| h.units.clone()).unwrap_or_default());
        viewer
            .probe
            .get()
            .map(|(column, row, value)| format!("{column}, {row}: {} {units}", short(value)))
    };
    let slice = move || {
        let shown = viewer.shown.with(|s| s.as_ref().map(|(key, _)| key.1));
        let count = viewer.series_view().frames;
        shown.map(|n| {
            tr(
                "film.slice",
                &[("n", &(n + 1).to_string()), ("of", &count.to_string())],
            )
        })
    };
    let position = move || {
        let series = viewer.series_view();
        let shown = viewer
            .shown
            .with(|s| s.as_ref().map(|(key, _)| key.1 as usize))?;
        series.positions.get(shown).map(|mm| format!("{mm:.1} mm"))
    };
    let quality = move || {
        if viewer.series_view().lossy {
            t("film.lossy")
        } else {
            t("film.lossless")
        }
    };
    // Said as soon as something is measured.
    let calibration = move || {
        let shown = viewer.shown.with(|s| s.as_ref().map(|(key, _)| *key))?;
        let is_measured = viewer.marks.with(|marks| marks.on(shown).next().is_some());
        is_measured.then(|| t(measured::calibration(viewer.calibration())))
    };
    let inverted = move || {
        viewer
            .inverted
            .get()
            .then(|| format!(" · {}", t("film.inverted")))
    };
    view! {
        <div class="ov tl" data-testid="series">
            {move || viewer.banner.get().then(|| format!("{patient}\n"))}{series}
        </div>
        <div class="ov tr">{move || viewer.banner.get().then(|| place.clone())}</div>
        <div class="ov bl">
            {scale_bar(viewer)}
            <div data-testid="calibration">{calibration}</div>
            <div>{probe}</div>
            <div><span data-testid="window">{window}</span>{inverted}</div>
            <div>{zoom}</div>
        </div>
        <div class="ov br">
            <div data-testid="slice">{slice}</div>
            <div>{position}</div>
            <div>{quality}</div>
        </div>
        {letters(viewer)}
    }
    .into_any()
}

fn letters(viewer: Viewer) -> AnyView {
    view! {
        {move || {
            let orientation = viewer.series_view().orientation?;
            let [left, right, top, bottom] = geometry::letters(&orientation, viewer.view.get().turn);
            Some(view! {
                <span class="letter l">{left}</span><span class="letter r">{right}</span>
                <span class="letter t">{top}</span><span class="letter b">{bottom}</span>
            })
        }}
    }
    .into_any()
}

fn scale_bar(viewer: Viewer) -> AnyView {
    const MOST: f64 = 120.0;
    view! {
        {move || {
            viewer.series_view().spacing?;
            let per_mm = viewer.placement()?.scale() / viewer.density.get();
            let (mm, pixels) = geometry::scale_bar(per_mm, MOST)?;
            let label = if mm >= 10.0 { format!("{} cm", mm / 10.0) } else { format!("{mm} mm") };
            Some(view! { <div class="scalebar" style:width=format!("{pixels:.1}px")><span>{label}</span></div> })
        }}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn small_values_keep_their_digits() {
        assert_eq!(short(1234.4), "1234");
        assert_eq!(short(2.0), "2");
        assert_eq!(short(0.25), "0.25");
        assert_eq!(short(0.00321), "3.21e-3");
        assert_eq!(short(-0.5), "-0.50");
    }
}
