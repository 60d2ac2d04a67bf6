//! Import: files chosen or dropped, their upload, the core's work on them, what came of it.

use dhc_ipc::{Failure, Import, ImportView, Stage};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{extent, title};
use crate::components::{Icon, busy_button, icon, notice, progress};
use crate::i18n::{t, tn, words};
use crate::session::{Progress, session};

pub fn import_panel(open: bool) -> AnyView {
    let session = session();
    let open = RwSignal::new(open);
    let job = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<Failure>);
    let outcome = RwSignal::new(None::<ImportView>);
    let over = RwSignal::new(false);
    let path = RwSignal::new(String::new());
    let picker = NodeRef::<html::Input>::new();
    let busy = move || job.with(Option::is_some);

    let start = move |job_name: &str| {
        problem.set(None);
        outcome.set(None);
        open.set(true);
        job.set(Some(job_name.to_owned()));
    };
    let import = move |job_name: String, paths: Vec<String>| {
        spawn_local(async move {
            let request = Import {
                paths,
                ..Import::default()
            };
            match session.work(Some(&job_name), &request).await {
                Ok(view) => outcome.set(Some(view)),
                Err(failure) => problem.set(Some(failure)),
            }
            job.set(None);
            session.changed();
        });
    };
    let import_paths = move |paths: Vec<String>| {
        if busy() || paths.is_empty() {
            return;
        }
        let name = session.new_job();
        start(&name);
        import(name, paths);
    };
    let import_files = move |files: Vec<web_sys::File>| {
        if busy() || files.is_empty() {
            return;
        }
        let name = session.new_job();
        start(&name);
        spawn_local(async move {
            let told = name.clone();
            let sent = move |done, total| {
                session.jobs.update(|jobs| {
                    jobs.insert(
                        told.clone(),
                        Progress {
                            stage: Stage::Reading,
                            done,
                            total,
                        },
                    );
                });
            };
            match session
                .transport
                .upload(&session.profile.get_untracked(), files, sent)
                .await
            {
                Ok(paths) => import(name, paths),
                Err(failure) => {
                    problem.set(Some(failure));
                    job.set(None);
                }
            }
        });
    };
    session.transport.on_dropped(import_paths);
    let choose = move |folders: bool| {
        spawn_local(async move {
            match session.transport.choose(folders).await {
                Ok(paths) => import_paths(paths),
                Err(failure) => problem.set(Some(failure)),
            }
        });
    };
    let chosen = move |_| {
        let Some(input) = picker.get_untracked() else {
            return;
        };
        import_files(listed(input.files()));
        input.set_value("");
    };
    let dropped = move |event: web_sys::DragEvent| {
        event.prevent_default();
        over.set(false);
        import_files(listed(event.data_transfer().and_then(|data| data.files())));
    };
    let pick = move |_| {
        open.set(true);
        if let Some(input) = picker.get_untracked()
            && !session.transport.takes_paths()
        {
            input.click();
        }
    };
    view! {
        <section class="stack"
            on:dragover=move |event| { event.prevent_default(); over.set(true) }
            on:dragleave=move |_| over.set(false)
            on:drop=dropped>
            <input type="file" multiple=true class="hidden" node_ref=picker on:change=chosen aria-label=t("records.choose_files") tabindex="-1"/>
            <div class="drop" class:over=move || over.get()>
                <button class="btn compact" on:click=pick disabled=busy>{icon(Icon::Upload)}{t("records.import")}</button>
                <span class="large-hide">{t("records.drop")}</span>
            </div>
            {move || (open.get() && session.transport.takes_paths()).then(|| view! {
                <div class="row">
                    <button class="btn compact" type="button" disabled=busy on:click=move |_| choose(false)>{t("records.choose_files")}</button>
                    <button class="btn compact" type="button" disabled=busy on:click=move |_| choose(true)>{t("records.choose_folder")}</button>
                </div>
                <form class="row" on:submit=move |event| { event.prevent_default(); import_paths(vec![path.get_untracked()]) }>
                    <input class="input grow" aria-label=t("records.path") placeholder=t("records.path") prop:value=path
                        on:input=move |event| path.set(event_target_value(&event))/>
                    {busy_button("btn compact", None, t("records.import_path"), busy, move || path.with(|p| p.trim().is_empty()),
                        move || import_paths(vec![path.get_untracked().trim().to_owned()]))}
                </form>
            })}
            {progress(job, Stage::Reading)}
            {notice(problem)}
            {move || outcome.get().map(report)}
        </section>
    }
    .into_any()
}

fn listed(files: Option<web_sys::FileList>) -> Vec<web_sys::File> {
    files.map_or_else(Vec::new, |files| {
        (0..files.length()).filter_map(|i| files.get(i)).collect()
    })
}

/// What came of an import: the new records, those already here, and what was left out and why.
fn report(view: ImportView) -> AnyView {
    let new = view.studies.iter().map(|record| {
        view! {
            <a class="row-link" href=format!("/records/{}", record.id)>
                <span class="tile">{icon(Icon::Check)}</span>
                <span class="grow stack-xs"><span class="strong">{title(record)}</span><span class="sub">{extent(record)}</span></span>
                {icon(Icon::ChevronRight)}
            </a>
        }
    });
    let known = view.duplicates.iter().map(|duplicate| {
        view! {
            <a class="row-link" href=format!("/records/{}", duplicate.id)>
                <span class="tile">{icon(Icon::Info)}</span>
                <span class="grow stack-xs"><span class="strong">{t("import.duplicate")}</span><span class="sub">{file_name(&duplicate.path)}</span></span>
                {icon(Icon::ChevronRight)}
            </a>
        }
    });
    let skipped = view.skipped.iter().take(8).map(|skipped| {
        view! {
            <div class="row">
                <span class="tile waiting">{icon(Icon::Alert)}</span>
                <span class="grow stack-xs"><span class="strong">{file_name(&skipped.path)}</span><span class="sub">{words::code(skipped.code)}</span></span>
            </div>
        }
    });
    let more = view.skipped.len().saturating_sub(8);
    view! {
        <div class="card flush rows" role="status">
            {new.collect::<Vec<_>>()}
            {known.collect::<Vec<_>>()}
            {skipped.collect::<Vec<_>>()}
            {(more > 0).then(|| view! { <p class="sub">{tn("import.more_skipped", more as u64, &[])}</p> })}
        </div>
    }
    .into_any()
}

/// The last part of a path, in either system's writing.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or(path)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_path_is_called_by_its_last_part() {
        assert_eq!(file_name("/a/b/study.zip"), "study.zip");
        assert_eq!(file_name("C:\\films\\one.dcm"), "one.dcm");
        assert_eq!(file_name("/a/folder/"), "folder");
        assert_eq!(file_name(""), "");
    }
}
