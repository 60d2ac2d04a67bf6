//! Films as files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub enum Film {
    /// Stored pixel values, before any modality or VOI transform.
    Decode {
        file: PathBuf,
        #[arg(long, default_value_t = 0)]
        frame: u32,
        #[arg(long)]
        out: PathBuf,
    },
    /// What the viewer shows at 1:1, as PNG.
    Render(Render),
}

#[derive(Args)]
pub struct Render {
    /// A DICOM file, a record's id, or a grant's (GRANT:STUDY where it is for several studies).
    pub subject: String,
    #[arg(long, value_name = "UID")]
    pub series: Option<String>,
    #[arg(long, value_name = "UID")]
    pub instance: Option<String>,
    #[arg(long, default_value_t = 0)]
    pub frame: u32,
    /// Centre and width, in modality units.
    #[arg(
        long,
        value_name = "C/W",
        conflicts_with = "preset",
        allow_hyphen_values = true
    )]
    pub window: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    #[arg(long, value_name = "F.png")]
    pub out: PathBuf,
}
