//! `cargo xtask bench`: measures the built `dhc` and writes docs/benchmarks.md.

use anyhow::Result;

use crate::workspace::Workspace;

pub fn write(_workspace: &Workspace) -> Result<()> {
    anyhow::bail!("being written")
}
