//! Measurements as they stand on the film, and the list of them.

use leptos::prelude::*;

use super::overlay::short;
use super::state::Viewer;
use crate::components::{Icon, Sheet, icon, sheet};
use crate::i18n::{t, tr};
use crate::viewer::marks::{Mark, Space};
use crate::viewer::measure::{Calibration, Measurement, Point, Reading, Shape};

pub const fn name(shape: Shape) -> &'static str {
    match shape {
        Shape::Length => "measure.length",
        Shape::Angle => "measure.angle",
        Shape::Cobb => "measure.cobb",
        Shape::Rectangle => "measure.rectangle",
        Shape::Ellipse => "measure.ellipse",
        Shape::Probe => "measure.probe",
        Shape::Arrow => "measure.arrow",
    }
}

/// The locale key of what distances are measured by.
pub const fn calibration(calibration: Calibration) -> &'static str {
    match calibration {
        Calibration::Patient(_) => "measure.by_patient",
        Calibration::Detector(_) => "measure.by_detector",
        Calibration::Unknown => "measure.by_pixels",
    }
}

/// A reading in lines of words.
fn lines(reading: &Reading, calibration: Calibration, units: &str, words: &str) -> Vec<String> {
    let unit = calibration.unit();
    let with_units = |text: String| format!("{text} {units}").trim_end().to_owned();
    match reading {
        Reading::Length(length) => vec![format!("{length:.1} {unit}")],
        Reading::Degrees(degrees) => vec![format!("{degrees:.1}°")],
        Reading::Area(area, statistics) => {
            let mut lines = vec![format!("{area:.1} {unit}²")];
            if let Some(found) = statistics {
                lines.push(with_units(format!(
                    "{} {} ± {}",
                    t("measure.mean"),
                    short(found.mean),
                    short(found.deviation)
                )));
                lines.push(with_units(format!(
                    "{} – {}",
                    short(found.least),
                    short(found.most)
                )));
            }
            lines
        }
        Reading::Value(Some(value)) => vec![with_units(short(*value))],
        Reading::Value(None) => Vec::new(),
        Reading::Words => vec![words.to_owned()],
    }
}

fn units(viewer: Viewer) -> String {
    viewer
        .shown
        .with(|s| s.as_ref().map(|(_, h)| h.units.clone()))
        .unwrap_or_default()
}

/// The measurements of the shown frame, over the canvas.
pub fn drawn(viewer: Viewer) -> AnyView {
    let shapes = move || {
        let key = viewer.shown.with(|s| s.as_ref().map(|(key, _)| *key))?;
        let space = viewer.space()?;
        let (calibration, units) = (viewer.calibration(), units(viewer));
        Some(viewer.marks.with(|marks| {
            marks
                .on(key)
                .map(|m| {
                    shape(
                        viewer,
                        m,
                        marks.selected() == Some(m.id),
                        &space,
                        calibration,
                        &units,
                    )
                })
                .collect::<Vec<_>>()
        }))
    };
    view! {
        <svg class="v-marks" aria-hidden="true">
            <defs><marker id="arrow-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
                <path d="M1 1 9 5 1 9" fill="none"></path>
            </marker></defs>
            {shapes}
        </svg>
        {words(viewer)}
    }
    .into_any()
}

fn shape(
    viewer: Viewer,
    measurement: &Measurement,
    is_selected: bool,
    space: &Space,
    calibration: Calibration,
    units: &str,
) -> AnyView {
    let points: Vec<Point> = measurement
        .points
        .iter()
        .map(|p| space.on_screen(*p))
        .collect();
    let outline = match (measurement.shape, points.as_slice()) {
        (Shape::Rectangle, [a, b]) => view! {
            <rect x=a.0.min(b.0) y=a.1.min(b.1) width=(a.0 - b.0).abs() height=(a.1 - b.1).abs()></rect>
        }
        .into_any(),
        (Shape::Ellipse, [a, b]) => view! {
            <ellipse cx=f64::midpoint(a.0, b.0) cy=f64::midpoint(a.1, b.1) rx=(a.0 - b.0).abs() / 2.0 ry=(a.1 - b.1).abs() / 2.0></ellipse>
        }
        .into_any(),
        _ => measurement
            .lines()
            .iter()
            .filter(|(_, to)| *to < points.len())
            .map(|(from, to)| {
                let (a, b) = (points[*from], points[*to]);
                let head = (measurement.shape == Shape::Arrow).then_some("url(#arrow-head)");
                view! { <line x1=a.0 y1=a.1 x2=b.0 y2=b.1 marker-end=head></line> }
            })
            .collect::<Vec<_>>()
            .into_any(),
    };
    let handles: Vec<_> = points
        .iter()
        .map(|(x, y)| view! { <circle cx=*x cy=*y r=if is_selected { 4.5 } else { 3.0 }></circle> })
        .collect();
    let said = viewer
        .reading(measurement)
        .map(|reading| lines(&reading, calibration, units, &measurement.words))
        .unwrap_or_default();
    let label = label_at(measurement.shape, &points).map(|(x, y)| {
        let rows: Vec<_> = said
            .into_iter()
            .enumerate()
            .map(|(i, line)| view! { <tspan x=x dy=if i == 0 { "0" } else { "1.3em" }>{line}</tspan> })
            .collect();
        view! { <text x=x y=y data-testid="measured">{rows}</text> }
    });
    view! { <g class="v-mark" class:selected=is_selected>{outline}{handles}{label}</g> }.into_any()
}

/// Words stand beside the rightmost point, an arrow's at its tail.
fn label_at(shape: Shape, points: &[Point]) -> Option<Point> {
    let at = match shape {
        Shape::Arrow => points.first(),
        _ => points.iter().max_by(|a, b| a.0.total_cmp(&b.0)),
    };
    at.map(|(x, y)| (x + 10.0, y - 8.0))
}

/// Where an arrow's words are written, once it is drawn.
fn words(viewer: Viewer) -> AnyView {
    let unworded = Memo::new(move |_| viewer.marks.with(|marks| marks.unworded()));
    view! {
        {move || {
            let id = unworded.get()?;
            let (x, y) = untrack(|| {
                let space = viewer.space()?;
                let at = viewer.marks.with(|marks| {
                    let mark = marks.all().iter().find(|mark| mark.measurement.id == id)?;
                    mark.measurement.points.first().copied()
                })?;
                Some(space.on_screen(at))
            })?;
            let keep = move |text: String| viewer.marks.update(|marks| {
                // Leaving the field comes after Enter and Escape.
                if marks.unworded() == Some(id) {
                    marks.word(id, &text);
                }
            });
            let field = NodeRef::<leptos::html::Input>::new();
            Effect::new(move |_| {
                if let Some(field) = field.get() {
                    request_animation_frame(move || {
                        let _ = field.focus();
                    });
                }
            });
            Some(view! {
                <input class="v-words" type="text" maxlength="80" aria-label=t("measure.words") placeholder=t("measure.words") node_ref=field
                    style:left=format!("{x:.0}px") style:top=format!("{y:.0}px")
                    on:keydown=move |event| {
                        event.stop_propagation();
                        match event.key().as_str() {
                            "Enter" => keep(event_target_value(&event)),
                            "Escape" => keep(String::new()),
                            _ => {}
                        }
                    }
                    on:blur=move |event| keep(event_target_value(&event))/>
            })
        }}
    }
    .into_any()
}

pub fn list(viewer: Viewer) -> AnyView {
    let handle = Sheet::over(viewer.marks_listed);
    sheet(handle, t("measure.title"), move || {
        let rows = move || {
            viewer.marks.with(|marks| {
                marks
                    .all()
                    .iter()
                    .map(|mark| row(viewer, mark))
                    .collect::<Vec<_>>()
            })
        };
        let is_empty = move || viewer.marks.with(|marks| marks.all().is_empty());
        view! {
            <p class="sub">{t(calibration(viewer.calibration()))}</p>
            {move || is_empty().then(|| view! { <p>{t("measure.none")}</p> })}
            <ul class="v-marked">{rows}</ul>
            <p class="sub">{t("measure.not_kept")}</p>
        }
        .into_any()
    })
}

fn row(viewer: Viewer, mark: &Mark) -> AnyView {
    let (id, (series, frame)) = (mark.measurement.id, mark.frame);
    let on_screen = viewer
        .shown
        .with(|s| s.as_ref().is_some_and(|(key, _)| *key == mark.frame));
    // Values of other frames are read when they are shown.
    let said = on_screen
        .then(|| viewer.reading(&mark.measurement))
        .flatten()
        .map(|reading| {
            let words = &mark.measurement.words;
            lines(&reading, viewer.calibration(), &units(viewer), words).join(", ")
        })
        .unwrap_or_else(|| mark.measurement.words.clone());
    let title = t(name(mark.measurement.shape));
    let frames = viewer.film.with_value(|film| {
        film.series
            .get(series as usize)
            .map_or(0, |series| series.frames)
    });
    let place = tr(
        "film.slice",
        &[("n", &(frame + 1).to_string()), ("of", &frames.to_string())],
    );
    let go = move |_| {
        viewer.choose_series(series);
        viewer.go_to(i64::from(frame));
        viewer.marks.update(|marks| marks.select(id));
        viewer.marks_listed.set(false);
    };
    view! {
        <li>
            <button class="grow stack-xs" on:click=go>
                <span class="strong">{title}{(!said.is_empty()).then(|| format!(": {said}"))}</span>
                <span class="sub">{place}</span>
            </button>
            <button class="tool" aria-label=tr("measure.delete", &[("name", title)])
                on:click=move |_| viewer.marks.update(|marks| marks.remove(id))>{icon(Icon::Trash)}</button>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::measure::Statistics;

    const BY_PIXEL: Calibration = Calibration::Patient([1.0, 1.0]);

    #[test]
    fn readings_are_in_the_units_of_the_film() {
        assert_eq!(
            lines(&Reading::Length(23.44), BY_PIXEL, "HU", ""),
            ["23.4 mm"]
        );
        assert_eq!(
            lines(&Reading::Length(23.44), Calibration::Unknown, "", ""),
            ["23.4 px"]
        );
        assert_eq!(
            lines(&Reading::Value(Some(-1024.0)), BY_PIXEL, "HU", ""),
            ["-1024 HU"]
        );
        assert!(lines(&Reading::Value(None), BY_PIXEL, "", "").is_empty());
        let found = Statistics {
            pixels: 4,
            mean: 40.0,
            deviation: 2.5,
            least: 30.0,
            most: 50.0,
        };
        let said = lines(&Reading::Area(12.0, Some(found)), BY_PIXEL, "HU", "");
        assert_eq!(said[0], "12.0 mm²");
        assert!(said[1].ends_with("40 ± 2.50 HU"), "{}", said[1]);
        assert_eq!(said[2], "30 – 50 HU");
    }

    #[test]
    fn every_shape_has_a_name_in_words() {
        for shape in Shape::ALL {
            assert!(crate::i18n::lookup(name(shape)).is_some(), "{shape:?}");
        }
    }
}
