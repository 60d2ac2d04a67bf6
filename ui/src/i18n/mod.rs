//! The words of the app. Every string stands in `locales/*.json` under a key; a key that is
//! missing in the chosen language falls back to English, then to itself.

pub mod time;
pub mod words;

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

/// A language of the app, by its BCP 47 tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    #[default]
    En,
    ZhCn,
}

impl Locale {
    pub const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The tag dates and numbers are formatted by: day before month in English.
    pub const fn format_tag(self) -> &'static str {
        match self {
            Self::En => "en-GB",
            Self::ZhCn => "zh-CN",
        }
    }

    /// Its name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::ZhCn => "简体中文",
        }
    }

    pub fn from_tag(tag: &str) -> Self {
        if tag.to_ascii_lowercase().starts_with("zh") {
            Self::ZhCn
        } else {
            Self::En
        }
    }
}

type Table = HashMap<String, String>;

static TABLES: OnceLock<[Table; 2]> = OnceLock::new();
static CURRENT: AtomicU8 = AtomicU8::new(0);

fn tables() -> &'static [Table; 2] {
    TABLES.get_or_init(|| {
        [
            include_str!("../../locales/en.json"),
            include_str!("../../locales/zh-CN.json"),
        ]
        .map(|text| serde_json::from_str(text).unwrap_or_default())
    })
}

/// Makes `locale` the language of every later [`t`]. Screens drawn before are drawn again by
/// the shell, which is keyed on the language.
pub fn choose(locale: Locale) {
    CURRENT.store(locale as u8, Ordering::Relaxed);
}

pub fn locale() -> Locale {
    Locale::ALL[usize::from(CURRENT.load(Ordering::Relaxed)) % 2]
}

/// The words under `key` in the chosen language.
pub fn t(key: &'static str) -> &'static str {
    lookup(key).unwrap_or(key)
}

/// The words under a key put together at run time (`code.owner_offline`), where there are any.
pub fn lookup(key: &str) -> Option<&'static str> {
    let tables = tables();
    tables[locale() as usize]
        .get(key)
        .or_else(|| tables[0].get(key))
        .map(String::as_str)
}

/// [`t`] with `{name}` replaced by each value.
pub fn tr(key: &'static str, values: &[(&str, &str)]) -> String {
    fill(t(key), values)
}

/// [`tr`] in the plural form for `n`: `key_one` or `key_other`. `{n}` is `n` itself.
pub fn tn(key: &str, n: u64, values: &[(&str, &str)]) -> String {
    let form = if n == 1 && locale() == Locale::En {
        "one"
    } else {
        "other"
    };
    let text = lookup(&format!("{key}_{form}")).unwrap_or("{n}");
    let number = crate::format::grouped(n);
    let mut all = vec![("n", number.as_str())];
    all.extend_from_slice(values);
    fill(text, &all)
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<String> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned()))
            .collect()
    }

    #[test]
    fn both_languages_say_the_same_things_with_the_same_values() {
        let [en, zh] = tables();
        assert!(en.len() > 100);
        for (key, text) in en {
            if key.ends_with("_one") {
                continue;
            }
            let Some(other) = zh.get(key) else {
                panic!("{key} is missing in zh-CN");
            };
            assert_eq!(placeholders(text), placeholders(other), "{key}");
        }
        for key in zh.keys() {
            assert!(en.contains_key(key), "{key} is in zh-CN only");
        }
    }

    #[test]
    fn every_key_in_the_source_has_words() {
        fn walk(dir: &std::path::Path, found: &mut BTreeSet<String>) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for (call, plural) in [("t(\"", false), ("tr(\"", false), ("tn(\"", true)] {
                    for (at, _) in text.match_indices(call) {
                        let before = text[..at].chars().next_back().unwrap_or(' ');
                        if before.is_alphanumeric() || before == '_' || before == '.' {
                            continue;
                        }
                        let key = text[at + call.len()..].split('"').next().unwrap();
                        if plural {
                            found.insert(format!("{key}_one"));
                            found.insert(format!("{key}_other"));
                        } else {
                            found.insert(key.to_owned());
                        }
                    }
                }
            }
        }
        let mut found = BTreeSet::new();
        walk(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut found,
        );
        let missing: Vec<_> = found
            .iter()
            .filter(|k| !tables()[0].contains_key(*k))
            .collect();
        assert!(missing.is_empty(), "no words for {missing:?}");
    }

    #[test]
    fn every_code_has_a_sentence() {
        for code in dhc_ipc::Code::ALL {
            for table in tables() {
                assert!(table.contains_key(&format!("code.{code}")), "{code}");
            }
        }
    }
}
