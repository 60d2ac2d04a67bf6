//! Segmented palette tables (PS3.3 C.7.9.2).

/// A table has 65536 entries at most.
const MOST_ENTRIES: usize = 1 << 16;

/// Expands segments to a table. `words` are the units of the encoding: 16-bit words, or bytes for
/// tables of 8 bits. `None` where they do not make a table.
pub(crate) fn expand(words: &[u16], unit_bytes: usize) -> Option<Vec<u16>> {
    let mut table = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match words[at] {
            2 => {
                let count = usize::from(*words.get(at + 1)?);
                // A byte offset of 32 bits, least significant unit first.
                let units = 4 / unit_bytes;
                let offset = words
                    .get(at + 2..at + 2 + units)?
                    .iter()
                    .rev()
                    .fold(0usize, |high, unit| {
                        high << (8 * unit_bytes) | usize::from(*unit)
                    });
                let mut from = offset / unit_bytes;
                for _ in 0..count {
                    from = segment(words, from, &mut table)?;
                }
                at += 2 + units;
            }
            // Tables are padded to an even length.
            0 if words.get(at + 1).is_none_or(|n| *n == 0) => break,
            _ => at = segment(words, at, &mut table)?,
        }
    }
    (!table.is_empty()).then_some(table)
}

/// Appends a discrete or a linear segment and gives the index behind it.
fn segment(words: &[u16], at: usize, table: &mut Vec<u16>) -> Option<usize> {
    let length = usize::from(*words.get(at + 1)?);
    if table.len() + length > MOST_ENTRIES {
        return None;
    }
    match words.get(at)? {
        0 => {
            table.extend(words.get(at + 2..at + 2 + length)?);
            Some(at + 2 + length)
        }
        1 => {
            let (start, end) = (i64::from(*table.last()?), i64::from(*words.get(at + 2)?));
            let steps = length as i64;
            table.extend((1..=steps).map(|k| (start + (end - start) * k / steps) as u16));
            Some(at + 3)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_copied_drawn_and_repeated() {
        // Two values, a line of four from 10 to 50, and the first segment once more.
        let words = [0, 2, 5, 10, 1, 4, 50, 2, 1, 0, 0];
        assert_eq!(expand(&words, 2).unwrap(), [5, 10, 20, 30, 40, 50, 5, 10]);
    }

    #[test]
    fn a_line_down_and_padding_are_fine() {
        assert_eq!(expand(&[0, 1, 9, 1, 3, 0, 0, 0], 2).unwrap(), [9, 6, 3, 0]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        // A line from nowhere, a cut segment, an unknown code, a repetition of a repetition.
        for words in [&[1, 4, 50][..], &[0, 5, 1], &[7, 1, 1], &[2, 9, 0, 0], &[]] {
            assert_eq!(expand(words, 2), None, "{words:?}");
        }
        // More entries than a table has.
        let many = [[0, 1, 1].as_slice(), &[1, 0xffff, 9].repeat(2)].concat();
        assert_eq!(expand(&many, 2), None);
    }
}
