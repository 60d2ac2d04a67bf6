//! The Oakley exchange: two honest apps agree; every attack on it ends without a key.

mod attacks;
mod custody;
mod exchange;
mod release;
#[path = "../../../../tests/seeded/mod.rs"]
mod seeded;
