//! `dhc film`: decode and render.

use std::{fs::File, io::BufReader, path::Path};

use dhc_imaging::{
    DecodeError, DicomFile, OpenError, RefusalCode, RenderParams, Rendered, Window, WindowChoice,
    WindowFunction,
};
use dhc_ipc::{Code, Failure};
use serde_json::{Value, json};

use crate::{
    args::{Cli, Render},
    composition::{ONLY, One},
};

fn code(refusal: RefusalCode) -> Code {
    match refusal {
        RefusalCode::NotDicom => Code::NotDicom,
        RefusalCode::DicomDamaged => Code::DicomDamaged,
        RefusalCode::UnsupportedTransferSyntax => Code::UnsupportedTransferSyntax,
        RefusalCode::ArchiveRefused => Code::ArchiveRefused,
    }
}

fn open_failure(e: &OpenError) -> Failure {
    Failure::new(e.code().map_or(Code::FileUnreadable, code), e.to_string())
}

fn decode_failure(e: &DecodeError) -> Failure {
    Failure::new(e.code().map_or(Code::Misuse, code), e.to_string())
}

fn open(path: &Path) -> Result<DicomFile<BufReader<File>>, Failure> {
    let file = File::open(path)
        .map_err(|e| Failure::new(Code::FileUnreadable, format!("{}: {e}", path.display())))?;
    DicomFile::open(BufReader::new(file)).map_err(|e| open_failure(&e))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|e| {
        let code = if e.kind() == std::io::ErrorKind::StorageFull {
            Code::DiskFull
        } else {
            Code::FileUnreadable
        };
        Failure::new(code, format!("{}: {e}", path.display()))
    })
}

pub fn decode(path: &Path, frame: u32, out: &Path) -> Result<Value, Failure> {
    let stored = open(path)?
        .stored_frame(frame)
        .map_err(|e| decode_failure(&e))?;
    write(out, &stored.data)?;
    Ok(json!({
        "rows": stored.rows,
        "columns": stored.columns,
        "samples_per_pixel": stored.samples_per_pixel,
        "bits_allocated": stored.bits_allocated,
        "bits_stored": stored.bits_stored,
        "signed": stored.signed,
        "float": stored.float,
        "photometric": stored.photometric,
        "frames": stored.frames,
        "transfer_syntax": stored.transfer_syntax,
    }))
}

fn params(args: &Render) -> Result<RenderParams, Failure> {
    let window = match (&args.window, &args.preset) {
        (Some(text), _) => {
            let parsed = text
                .split_once('/')
                .and_then(|(c, w)| Some((c.trim().parse().ok()?, w.trim().parse().ok()?)));
            match parsed {
                Some((center, width)) if width > 0.0 => WindowChoice::Explicit(Window {
                    center,
                    width,
                    function: WindowFunction::Linear,
                    explanation: None,
                }),
                _ => {
                    return Err(Failure::new(
                        Code::Misuse,
                        "a window is CENTRE/WIDTH, as 40/400, its width above 0",
                    ));
                }
            }
        }
        (None, Some(name)) => WindowChoice::Named(name.clone()),
        (None, None) => WindowChoice::Default,
    };
    Ok(RenderParams {
        window,
        ..RenderParams::default()
    })
}

pub async fn render(cli: &Cli, args: &Render) -> Result<Value, Failure> {
    let params = params(args)?;
    let path = Path::new(&args.subject);
    let rendered = if path.is_file() {
        open(path)?
            .render(args.frame, &params)
            .map_err(|e| decode_failure(&e))?
    } else if args.subject.starts_with("0x") {
        let one = One::open(cli, true, false).await?;
        one.call(dhc_ipc::OpenFilm {
            id: args.subject.clone(),
        })
        .await?;
        one.app
            .render(
                ONLY,
                &args.subject,
                args.series.as_deref(),
                args.instance.as_deref(),
                args.frame,
                params,
            )
            .await?
    } else {
        return Err(Failure::new(
            Code::FileUnreadable,
            format!("{}: no such file", args.subject),
        ));
    };
    write(&args.out, &rendered.png())?;
    Ok(describe(&rendered))
}

fn describe(rendered: &Rendered) -> Value {
    let window = rendered
        .window
        .as_ref()
        .map(|w| json!({"center": w.center, "width": w.width}));
    json!({"rows": rendered.rows, "columns": rendered.columns, "window": window})
}
