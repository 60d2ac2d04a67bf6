use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Seconds since 1970-01-01T00:00:00Z. On the wire: RFC 3339 in UTC.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("a time is RFC 3339, as 2026-11-29T12:00:00Z")]
    Malformed,
    #[error("a span is a number with m, h or d, as 7d")]
    Span,
}

impl Timestamp {
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = i64::try_from(self.0)
            .ok()
            .and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok())
            .and_then(|t| t.format(&Rfc3339).ok());
        f.write_str(text.as_deref().unwrap_or("9999-12-31T23:59:59Z"))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(s: &str) -> Result<Self, TimeError> {
        let t = OffsetDateTime::parse(s, &Rfc3339).map_err(|_| TimeError::Malformed)?;
        u64::try_from(t.unix_timestamp())
            .map(Self)
            .map_err(|_| TimeError::Malformed)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The end of a window as a person gives it: a moment, or a span from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    At(Timestamp),
    After { seconds: u64 },
}

impl Until {
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(t) => t,
            Self::After { seconds } => now.plus(seconds),
        }
    }
}

impl FromStr for Until {
    type Err = TimeError;

    fn from_str(s: &str) -> Result<Self, TimeError> {
        if let Ok(t) = s.parse() {
            return Ok(Self::At(t));
        }
        let unit = match s.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            _ => return Err(TimeError::Span),
        };
        let n: u64 = s[..s.len() - 1].parse().map_err(|_| TimeError::Span)?;
        n.checked_mul(unit)
            .filter(|s| *s > 0)
            .map(|seconds| Self::After { seconds })
            .ok_or(TimeError::Span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_given_as_moments_or_spans() {
        let now = Timestamp(1_795_000_000);
        assert_eq!("7d".parse::<Until>().unwrap().from(now), now.plus(604_800));
        let at: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-29T12:00:00Z");
        assert_eq!(
            "2026-11-29T20:00:00+08:00".parse::<Until>(),
            Ok(Until::At(at))
        );
        for bad in ["", "d", "0d", "7w", "-1d", "99999999999999999999d", "明天"] {
            assert_eq!(bad.parse::<Until>(), Err(TimeError::Span), "{bad:?}");
        }
    }
}
