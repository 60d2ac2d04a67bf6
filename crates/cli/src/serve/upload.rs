//! Files that a browser hands over for import.

use axum::{
    Json,
    extract::{Multipart, Query, State},
};
use dhc_ipc::{Code, Failure};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

use super::{Shared, routes::Failed};

#[derive(Deserialize)]
pub struct For {
    profile: String,
}

#[derive(Serialize)]
pub struct Uploaded {
    /// One folder with everything in it, to be given to `import`.
    paths: Vec<String>,
}

/// Streams the files to the profile's inbox under numbers: their names may tell somebody's.
pub async fn upload(
    State(shared): State<Shared>,
    Query(to): Query<For>,
    mut form: Multipart,
) -> Result<Json<Uploaded>, Failed> {
    let unreadable =
        |e: &dyn std::fmt::Display| Failed(Failure::new(Code::FileUnreadable, e.to_string()));
    let folder = shared
        .app
        .inbox(&to.profile)
        .map_err(Failed)?
        .join(hex::encode(rand::random::<[u8; 8]>()));
    tokio::fs::create_dir_all(&folder)
        .await
        .map_err(|e| unreadable(&e))?;
    let mut count = 0;
    while let Some(mut field) = form.next_field().await.map_err(|e| unreadable(&e))? {
        let is_zip = field
            .file_name()
            .is_some_and(|n| n.to_lowercase().ends_with(".zip"));
        let name = format!("{count:06}{}", if is_zip { ".zip" } else { "" });
        let mut file = tokio::fs::File::create(folder.join(name))
            .await
            .map_err(|e| unreadable(&e))?;
        while let Some(chunk) = field.chunk().await.map_err(|e| unreadable(&e))? {
            file.write_all(&chunk).await.map_err(|e| match e.kind() {
                std::io::ErrorKind::StorageFull => {
                    Failed(Failure::new(Code::DiskFull, "the disk is full"))
                }
                _ => unreadable(&e),
            })?;
        }
        file.flush().await.map_err(|e| unreadable(&e))?;
        count += 1;
    }
    Ok(Json(Uploaded {
        paths: vec![folder.to_string_lossy().into_owned()],
    }))
}
