//! Amounts, sizes and names as people read them. Pure: nothing here asks the browser.

/// Digits behind the point of 1 DHL in adhl.
pub const DECIMALS: usize = 18;

/// `1234567` as "1,234,567".
pub fn grouped(n: u64) -> String {
    group_digits(&n.to_string())
}

fn group_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Splits a decimal count of adhl into whole DHL and 18 digits of fraction. `None` where it is
/// not a decimal number.
fn split(base: &str) -> Option<(String, String)> {
    if base.is_empty() || !base.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{base:0>width$}", width = DECIMALS + 1);
    let (whole, fraction) = padded.split_at(padded.len() - DECIMALS);
    let whole = whole.trim_start_matches('0');
    Some((
        if whole.is_empty() {
            "0".into()
        } else {
            whole.into()
        },
        fraction.into(),
    ))
}

/// An amount of adhl in DHL, exact: "1500000000000000000" is "1.5".
pub fn exact(base: &str) -> String {
    match split(base) {
        Some((whole, fraction)) => {
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{}{point}{fraction}", group_digits(&whole))
        }
        None => base.to_owned(),
    }
}

/// A fee, exact and with its unit. `denom`: what it is counted in, `adhl` or `wei`; both have 18
/// digits behind the point.
pub fn fee(base: &str, denom: &str) -> String {
    match denom {
        "adhl" => format!("{} DHL", exact(base)),
        "wei" => format!("{} ETH", exact(base)),
        // A unit that is not known is named, not guessed.
        other => format!("{base} {other}"),
    }
}

/// An amount of adhl in DHL, rounded down to what a person reads: two digits from 1 DHL on, four
/// below. An amount that rounds to nothing is said to be less than the least.
pub fn dhl(base: &str) -> String {
    let Some((whole, fraction)) = split(base) else {
        return base.to_owned();
    };
    if whole == "0" {
        let kept = &fraction[..4];
        return match (kept == "0000", is_zero(base)) {
            (_, true) => "0".into(),
            (true, false) => "<0.0001".into(),
            _ => format!("0.{:0<2}", kept.trim_end_matches('0')),
        };
    }
    let whole = group_digits(&whole);
    match &fraction[..2] {
        "00" => whole,
        cents => format!("{whole}.{cents}"),
    }
}

pub fn is_zero(base: &str) -> bool {
    base.bytes().all(|b| b == b'0')
}

/// DHL as a number for a plot: exactness does not matter there.
pub fn approximate(base: &str) -> f64 {
    base.parse::<f64>().unwrap_or(0.0) / 1e18
}

/// What is wrong with an amount typed in DHL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountProblem {
    Empty,
    NotANumber,
    TooFine,
    Zero,
}

/// Checks an amount as typed; answers it without spaces and grouping commas.
pub fn check_amount(typed: &str) -> Result<String, AmountProblem> {
    let text: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != ',')
        .collect();
    if text.is_empty() {
        return Err(AmountProblem::Empty);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
        return Err(AmountProblem::NotANumber);
    }
    if fraction.len() > DECIMALS {
        return Err(AmountProblem::TooFine);
    }
    if is_zero(whole) && is_zero(fraction) {
        return Err(AmountProblem::Zero);
    }
    Ok(text)
}

/// Whether a text is shaped like an address: `0x` and forty hex digits. Its checksum is the
/// core's to judge.
pub fn looks_like_address(text: &str) -> bool {
    text.strip_prefix("0x")
        .is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a text is shaped like an id: `0x` and 64 hex digits.
pub fn looks_like_id(text: &str) -> bool {
    text.strip_prefix("0x")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether it has the form of a listening app's address: `/ip4/…/tcp/…/p2p/…`.
pub fn looks_like_peer(text: &str) -> bool {
    let host = ["/ip4/", "/ip6/"].iter().any(|kind| text.starts_with(kind));
    let id = text.rsplit_once("/p2p/").map_or("", |(_, id)| id);
    host && id.len() > 30 && id.chars().all(|c| c.is_ascii_alphanumeric())
}

/// An address or hash cut for a line where the whole stands beside it: "0x8f3C12…a0B91b2d".
pub fn short_hex(hex: &str) -> String {
    if hex.len() <= 20 || !hex.is_ascii() {
        return hex.to_owned();
    }
    format!("{}…{}", &hex[..8], &hex[hex.len() - 6..])
}

/// A hash in groups of four digits, for a person to compare; `0x` is a group of its own.
pub fn groups(hash: &str) -> Vec<&str> {
    if !hash.is_ascii() {
        return vec![hash];
    }
    let digits = hash.strip_prefix("0x").unwrap_or(hash);
    let (prefix, mut rest) = hash.split_at(hash.len() - digits.len());
    let mut groups: Vec<&str> = (!prefix.is_empty()).then_some(prefix).into_iter().collect();
    while !rest.is_empty() {
        let (group, more) = rest.split_at(rest.len().min(4));
        groups.push(group);
        rest = more;
    }
    groups
}

/// Bytes in decimal units: "42.7 MB".
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// One or two letters for a person: "Li Mei" is "LM", "李梅" is "李".
pub fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().next();
    let words: Vec<&str> = name
        .split_whitespace()
        .filter(|w| !matches!(w.to_lowercase().trim_end_matches('.'), "dr" | "prof"))
        .collect();
    match words.as_slice() {
        [] => "·".into(),
        [one] => first(one).into_iter().collect(),
        [start, .., end] => [first(start), first(end)]
            .into_iter()
            .flatten()
            .flat_map(char::to_uppercase)
            .collect(),
    }
}

/// A DICOM person name (PN: family^given) as people write it.
pub fn person(name: &str) -> String {
    spaced(name.split('=').next().unwrap_or_default())
}

/// A study's description (LO) as people would say it. `None` where there is none, or only a
/// scanner's label: parts set off by `^` or `_` with numbers in them ("Smith_Lab^0024_rest")
/// name a protocol, not what was imaged.
pub fn described(description: &str) -> Option<String> {
    let words = spaced(description);
    let separated = description.trim().contains(['^', '_']);
    let is_label = separated && words.contains(|c: char| c.is_ascii_digit());
    (!words.is_empty() && !is_label).then_some(words)
}

/// A DICOM text with spaces for its separators.
fn spaced(text: &str) -> String {
    text.split(|c: char| matches!(c, '^' | '_') || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A field of a CSV file (RFC 4180); a leading formula character is disarmed, so that a
/// spreadsheet shows it and runs nothing.
pub fn csv_field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_and_rounded_down_for_people() {
        assert_eq!(exact("1500000000000000000"), "1.5");
        assert_eq!(exact("1"), "0.000000000000000001");
        assert_eq!(exact("1284500000000000000000"), "1,284.5");
        assert_eq!(exact("not"), "not");
        assert_eq!(dhl("1284509999999999999999"), "1,284.50");
        assert_eq!(dhl("0"), "0");
        assert_eq!(dhl("1"), "<0.0001");
        assert_eq!(dhl("120000000000000000"), "0.12");
        assert_eq!(dhl("100000000000000000"), "0.10");
        assert_eq!(dhl("3000000000000000000"), "3");
    }

    #[test]
    fn a_fee_is_told_in_the_coin_that_pays_it() {
        assert_eq!(fee("21000000000000", "adhl"), "0.000021 DHL");
        assert_eq!(fee("21000000000000", "wei"), "0.000021 ETH");
        assert_eq!(fee("7", "atom"), "7 atom");
    }

    #[test]
    fn a_hash_is_compared_in_groups() {
        assert_eq!(groups("0xA1b2C3d4e5"), ["0x", "A1b2", "C3d4", "e5"]);
        assert_eq!(groups("A1b2C3d4"), ["A1b2", "C3d4"]);
        assert!(groups("").is_empty());
        assert_eq!(groups(&"a1".repeat(32)).concat(), "a1".repeat(32));
    }

    #[test]
    fn amounts_typed_are_judged_before_they_are_sent() {
        assert_eq!(check_amount(" 1,284.5 "), Ok("1284.5".into()));
        assert_eq!(check_amount(".5"), Ok(".5".into()));
        assert_eq!(check_amount(""), Err(AmountProblem::Empty));
        assert_eq!(check_amount("."), Err(AmountProblem::NotANumber));
        assert_eq!(check_amount("-1"), Err(AmountProblem::NotANumber));
        assert_eq!(check_amount("1e5"), Err(AmountProblem::NotANumber));
        assert_eq!(check_amount("0.00"), Err(AmountProblem::Zero));
        assert_eq!(
            check_amount("0.0000000000000000001"),
            Err(AmountProblem::TooFine)
        );
    }

    #[test]
    fn names_and_sizes_are_short() {
        assert_eq!(initials("Li Mei"), "LM");
        assert_eq!(initials("Dr Chen Hao"), "CH");
        assert_eq!(initials("李梅"), "李");
        assert_eq!(initials(""), "·");
        assert_eq!(person("Li^Mei^^Dr"), "Li Mei Dr");
        assert_eq!(person("Wang^XiaoDong=王^小东"), "Wang XiaoDong");
        assert_eq!(person("Jane_Doe"), "Jane Doe");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(42_700_000), "42.7 MB");
        assert_eq!(
            short_hex("0x0123456789abcdef0123456789abcdef01234567"),
            "0x012345…234567"
        );
        assert!(looks_like_address(
            "0x0123456789abcdef0123456789abcdef01234567"
        ));
        assert!(!looks_like_address("0x01234"));
        assert!(looks_like_id(&format!("0x{}", "a1".repeat(32))));
        assert!(!looks_like_id("0x0123456789abcdef0123456789abcdef01234567"));
    }

    #[test]
    fn a_description_is_told_in_words_and_a_scanners_label_is_none() {
        for (told, said) in [
            ("Head^Routine", Some("Head Routine")),
            ("Brain_MRI", Some("Brain MRI")),
            (" MRI  knee, 2 planes ", Some("MRI knee, 2 planes")),
            ("胸部CT平扫", Some("胸部CT平扫")),
            ("Hanke_Stadler^0024_transrep", None),
            ("t1_mprage_sag_p2_iso", None),
            (" ^ ", None),
            ("", None),
        ] {
            assert_eq!(described(told).as_deref(), said, "{told}");
        }
    }

    #[test]
    fn a_csv_field_cannot_become_a_formula() {
        assert_eq!(csv_field("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(csv_field("plain"), "plain");
        assert_eq!(csv_field("a,b"), "\"a,b\"");
    }
}
