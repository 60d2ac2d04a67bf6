//! The built user interface, from its folder.

use std::{collections::BTreeMap, path::PathBuf};

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use dhc_ipc::{Code, Failure};

const LARGEST: u64 = 64 << 20;

/// Every file, read once: the folder may be rebuilt while we serve.
pub struct Pages {
    files: BTreeMap<String, (&'static str, Bytes)>,
}

impl Pages {
    pub fn open(folder: PathBuf) -> Result<Self, Failure> {
        let mut pages = Self {
            files: BTreeMap::new(),
        };
        let mut folders = vec![(folder.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    folders.push((entry.path(), name));
                } else if meta.len() <= LARGEST
                    && let Ok(bytes) = std::fs::read(entry.path())
                {
                    let kind = content_type(&name);
                    pages.files.insert(name, (kind, bytes.into()));
                }
            }
        }
        if !pages.files.contains_key("/index.html") {
            return Err(Failure::new(
                Code::FileUnreadable,
                format!("{} holds no built user interface", folder.display()),
            )
            .hint("cargo xtask ui, or --ui DIR"));
        }
        Ok(pages)
    }

    /// A file, or, for the app's own routes, its index: deep links work.
    pub fn get(&self, path: &str) -> Response {
        let is_file = path
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.'));
        let found = self
            .files
            .get(path)
            .or_else(|| self.files.get("/index.html").filter(|_| !is_file));
        match found {
            Some((kind, bytes)) => (
                [
                    (header::CONTENT_TYPE, *kind),
                    (header::CACHE_CONTROL, "no-cache"),
                ],
                Body::from(bytes.clone()),
            )
                .into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}
