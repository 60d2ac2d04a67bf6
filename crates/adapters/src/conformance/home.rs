//! `Homes`.

use std::{fs, path::Path, time::Duration};

use dhc_app::ports::{Homes, OpenError, StoreError, Write};

use crate::home::{DiskHomes, HomeConfig};

fn homes(lock_patience: Duration) -> DiskHomes {
    DiskHomes::new(HomeConfig {
        lock_patience,
        ..HomeConfig::new("a-chain")
    })
}

#[tokio::test]
async fn a_home_in_use_is_busy_and_free_when_its_last_part_is_dropped() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("new/home");
    let home = homes(Duration::ZERO).open(&folder).await.unwrap();
    assert!(matches!(
        homes(Duration::ZERO).open(&folder).await,
        Err(OpenError::Busy)
    ));
    let database = home.database.clone();
    drop(home);
    assert!(matches!(
        homes(Duration::ZERO).open(&folder).await,
        Err(OpenError::Busy)
    ));
    drop(database);
    homes(Duration::ZERO).open(&folder).await.unwrap();
}

#[tokio::test]
async fn a_second_command_waits_for_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = homes(Duration::ZERO).open(folder.path()).await.unwrap();
    let homes = homes(Duration::from_secs(10));
    let (second, ()) = tokio::join!(homes.open(folder.path()), async {
        tokio::task::yield_now().await;
        drop(first);
    });
    second.unwrap();
}

#[tokio::test]
async fn a_home_whose_node_ran_is_free_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let home = homes(Duration::ZERO).open(folder.path()).await.unwrap();
    let here = home.channel.here().await.unwrap();
    drop(home);
    let again = homes(Duration::from_secs(10))
        .open(folder.path())
        .await
        .unwrap();
    assert_eq!(
        again.channel.here().await.unwrap(),
        here,
        "dial hints stay true"
    );
}

#[tokio::test]
async fn a_taken_port_is_given_up_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let home = homes(Duration::ZERO).open(folder.path()).await.unwrap();
    let here = home.channel.here().await.unwrap();
    drop(home);
    let homes = homes(Duration::from_secs(10));
    let home = homes.open(folder.path()).await.unwrap();
    let port = here.addresses[0]
        .rsplit('/')
        .next()
        .unwrap()
        .parse::<u16>()
        .unwrap();
    let _squatter = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let moved = home.channel.here().await.unwrap();
    assert_eq!(moved.peer, here.peer);
    assert_ne!(moved.addresses, here.addresses);
    drop(home);
    let home = homes.open(folder.path()).await.unwrap();
    assert_eq!(
        home.channel.here().await.unwrap(),
        moved,
        "the new port is kept"
    );
}

#[tokio::test]
async fn nothing_in_a_home_is_named_after_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let home = homes(Duration::ZERO).open(folder.path()).await.unwrap();
    home.vault.write(b"vault").unwrap();
    home.channel.here().await.unwrap();
    let secret = "patient-17";
    let put = Write::Put {
        table: "records",
        key: b"key".to_vec(),
        value: secret.into(),
    };
    home.database.commit(&[put]).unwrap();
    let mut names = Vec::new();
    collect(folder.path(), &mut names);
    assert!(names.iter().any(|name| name == "vault"));
    assert!(names.iter().all(|name| !name.contains(secret)), "{names:?}");
}

fn collect(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        names.push(entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), names);
        }
    }
}

#[tokio::test]
async fn a_home_that_cannot_be_made_is_an_io_failure() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, b"").unwrap();
    let opened = homes(Duration::ZERO).open(&file.join("home")).await;
    assert!(matches!(opened, Err(OpenError::Store(StoreError::Io(_)))));
}
