//! The wire form of `/dhc/oakley/1` and `/dhc/sponsor/1`: four bytes of length, big-endian, then
//! the message.

/// The largest message or answer, in bytes.
pub const MAX_LETTER: usize = 64 << 10;
/// Bytes before the message.
pub const HEAD: usize = 4;

/// A message is longer than [`MAX_LETTER`], or says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message is at most 64 KiB")]
pub struct TooLong;

/// What goes before a message of so many bytes.
pub fn head(length: usize) -> Result<[u8; HEAD], TooLong> {
    match u32::try_from(length) {
        Ok(written) if length <= MAX_LETTER => Ok(written.to_be_bytes()),
        _ => Err(TooLong),
    }
}

/// How many bytes follow; more than [`MAX_LETTER`] are refused before anything is kept for them.
pub fn length(head: [u8; HEAD]) -> Result<usize, TooLong> {
    let length = u32::from_be_bytes(head) as usize;
    if length > MAX_LETTER {
        Err(TooLong)
    } else {
        Ok(length)
    }
}

/// A letter at the beginning of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter<'a> {
    pub message: &'a [u8],
    /// What follows it.
    pub rest: &'a [u8],
}

/// The letter that a stream begins with; `None` while bytes of it are missing.
pub fn split(wire: &[u8]) -> Result<Option<Letter<'_>>, TooLong> {
    let Some((head, rest)) = wire.split_first_chunk() else {
        return Ok(None);
    };
    let parts = rest.split_at_checked(length(*head)?);
    Ok(parts.map(|(message, rest)| Letter { message, rest }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_anything_is_read() {
        assert_eq!(split(&[0xff, 0xff, 0xff, 0xff]), Err(TooLong));
        assert_eq!(split(&[0x00, 0x01, 0x00, 0x01]), Err(TooLong));
        assert_eq!(split(&[0x00, 0x01, 0x00, 0x00]), Ok(None));
        assert_eq!(head(MAX_LETTER + 1), Err(TooLong));
        assert_eq!(head(MAX_LETTER), Ok([0, 1, 0, 0]));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(letter in proptest::collection::vec(any::<u8>(), 0..2000), after in proptest::collection::vec(any::<u8>(), 0..9)) {
            let wire = [&head(letter.len()).unwrap()[..], &letter, &after].concat();
            let split_off = Letter { message: &letter, rest: &after };
            prop_assert_eq!(split(&wire), Ok(Some(split_off)));
            let cut = wire.len() - after.len() - 1;
            prop_assert_eq!(split(&wire[..cut]), Ok(None));
        }
    }
}
