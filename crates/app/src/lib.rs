//! Use cases: what the product does, given a profile and its ports. One core serves the shell,
//! the loopback server and the command line.

mod activity;
mod app;
mod audit;
mod carrying;
mod contacts;
mod contribution;
mod dispatch;
mod earn;
mod entropy;
mod failure;
mod film;
mod governance;
mod grant;
mod grants;
mod histories;
mod home;
mod identity;
mod import;
mod issue;
mod job;
mod keys;
mod ledger;
mod node;
mod notes;
mod objects;
mod opening;
pub mod ports;
mod profile;
mod records;
mod release;
mod sealed;
mod sealing;
mod seals;
mod settings;
mod sponsoring;
mod sponsors;
mod templates;
mod thumbnails;
mod vaults;
mod wallet;

pub use app::{App, World};
pub use profile::Profile;
pub use seals::SealFile;
pub use sponsoring::{Sponsoring, Terms};
