//! What a person chose of language, look and locking.

use dhc_ipc::{ChangeSettings, Failure, SettingsView};

use crate::{failure::misuse, profile::Profile};

const LONGEST_AUTO_LOCK_MIN: u32 = 24 * 60;

pub fn change(profile: &Profile, args: &ChangeSettings) -> Result<SettingsView, Failure> {
    let mut settings = profile.settings()?;
    choose(
        &mut settings.language,
        args.language.as_deref(),
        &["", "en", "zh-CN"],
    )?;
    choose(
        &mut settings.theme,
        args.theme.as_deref(),
        &["system", "light", "dark"],
    )?;
    choose(
        &mut settings.size,
        args.size.as_deref(),
        &["normal", "large"],
    )?;
    if let Some(minutes) = args.auto_lock_min {
        if minutes > LONGEST_AUTO_LOCK_MIN {
            return Err(misuse("a vault locks itself after at most a day"));
        }
        settings.auto_lock_min = minutes;
    }
    profile.set_settings(&settings)?;
    Ok(settings)
}

fn choose(setting: &mut String, given: Option<&str>, allowed: &[&str]) -> Result<(), Failure> {
    match given {
        None => Ok(()),
        Some(value) if allowed.contains(&value) => {
            *setting = value.to_owned();
            Ok(())
        }
        Some(value) => Err(misuse(format!(
            "{value:?} is none of {}",
            allowed.join(", ")
        ))),
    }
}
