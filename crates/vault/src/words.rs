use std::fmt;

use bip39::{Language, Mnemonic};
use rand_core::CryptoRng;
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

/// How many words a new vault has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordCount {
    /// 128 bits of entropy.
    Twelve,
    /// 256 bits of entropy.
    TwentyFour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    #[error("{0} words: there are 12, 15, 18, 21 or 24")]
    Count(usize),
    /// The first word that stands in no list, counted from 1.
    #[error("word {0} is in neither the English nor the Chinese list")]
    Unknown(usize),
    #[error("the words do not belong together: one is wrong, or two are swapped")]
    Checksum,
}

/// A BIP-39 mnemonic: English, or simplified Chinese on restore.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(Mnemonic);

impl Words {
    pub(crate) const LANGUAGES: [Language; 2] = [Language::English, Language::SimplifiedChinese];

    /// Draws new English words.
    pub fn generate(count: WordCount, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut entropy = Zeroizing::new([0u8; 32]);
        let bytes = match count {
            WordCount::Twelve => &mut entropy[..16],
            WordCount::TwentyFour => &mut entropy[..],
        };
        rng.fill_bytes(bytes);
        Self(
            Mnemonic::from_entropy_in(Language::English, bytes)
                .expect("16 and 32 bytes are lengths that BIP-39 knows"),
        )
    }

    /// Reads words as people keep them: any case, any white space; Chinese words may stand
    /// without spaces. Checks the count, every word and the checksum.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let words = Zeroizing::new(split(text));
        let phrase = Zeroizing::new(words.join(" "));
        let language = Self::LANGUAGES
            .into_iter()
            .find(|l| words.first().is_some_and(|w| l.find_word(w).is_some()))
            .unwrap_or(Language::English);
        Mnemonic::parse_in_normalized(language, &phrase)
            .map(Self)
            .map_err(|e| match e {
                bip39::Error::UnknownWord(i) => WordsError::Unknown(i + 1),
                bip39::Error::InvalidChecksum => WordsError::Checksum,
                _ => WordsError::Count(words.len()),
            })
    }

    /// The words, one space between, for display or for comparing with what was re-entered.
    pub fn phrase(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string())
    }

    /// How many words there are.
    pub fn count(&self) -> usize {
        self.0.word_count()
    }

    pub(crate) fn language(&self) -> Language {
        self.0.language()
    }

    pub(crate) fn entropy(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_entropy())
    }

    pub(crate) fn from_entropy(language: Language, entropy: &[u8]) -> Option<Self> {
        Mnemonic::from_entropy_in(language, entropy).ok().map(Self)
    }

    /// The 64-byte BIP-39 seed; the passphrase is normalised (NFKD) as BIP-39 says.
    pub(crate) fn seed(&self, passphrase: &str) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.0.to_seed(passphrase))
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words([redacted])")
    }
}

fn split(text: &str) -> Vec<String> {
    let mut normal: String = text.nfkd().flat_map(char::to_lowercase).collect();
    let mut words: Vec<String> = normal.split_whitespace().map(str::to_owned).collect();
    if let [word] = words.as_slice()
        && !word.is_ascii()
    {
        words = word.chars().map(String::from).collect();
    }
    normal.zeroize();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEGAL: &str =
        "legal winner thank year wave sausage worth useful legal winner thank yellow";

    /// Trezor's vectors: entropy, words, seed under the passphrase "TREZOR", master key.
    #[test]
    fn words_and_seeds_are_those_of_bip39() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../tests/vectors/bip39.json")).unwrap();
        let mut checked = 0;
        for (language, list) in [
            (Language::English, "english"),
            (Language::SimplifiedChinese, "chinese_simplified"),
        ] {
            for vector in vectors[list].as_array().unwrap() {
                let field = |i: usize| vector[i].as_str().unwrap();
                let words = Words::parse(field(1)).unwrap();
                assert_eq!(words.language(), language);
                assert_eq!(hex::encode(&*words.entropy()), field(0));
                let seed = words.seed("TREZOR");
                assert_eq!(hex::encode(*seed), field(2));
                let master = bip32::XPrv::new(*seed).unwrap();
                assert_eq!(master.to_string(bip32::Prefix::XPRV).as_str(), field(3));
                checked += 1;
            }
        }
        assert_eq!(checked, 48);
    }

    #[test]
    fn words_are_read_as_people_keep_them() {
        let w = Words::parse(LEGAL).unwrap();
        assert_eq!(
            Words::parse(&format!(
                "  {}\n",
                LEGAL.to_uppercase().replace(' ', "\n\t")
            )),
            Ok(w.clone())
        );
        assert_eq!(w.phrase().as_str(), LEGAL);
        assert_eq!(format!("{w:?}"), "Words([redacted])");
    }

    #[test]
    fn chinese_words_are_recognised_with_and_without_spaces() {
        let w = Words::from_entropy(Language::SimplifiedChinese, &[7; 16]).unwrap();
        let phrase = w.phrase();
        assert_eq!(Words::parse(&phrase), Ok(w.clone()));
        assert_eq!(
            Words::parse(&phrase.replace(' ', "\u{3000}")),
            Ok(w.clone())
        );
        assert_eq!(Words::parse(&phrase.replace(' ', "")), Ok(w));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(Words::parse(""), Err(WordsError::Count(0)));
        assert_eq!(Words::parse("legal winner"), Err(WordsError::Count(2)));
        assert_eq!(
            Words::parse(&LEGAL.replace("wave", "wafe")),
            Err(WordsError::Unknown(5))
        );
        assert_eq!(
            Words::parse(&LEGAL.replace("yellow", "zoo")),
            Err(WordsError::Checksum)
        );
        assert_eq!(
            Words::parse(&LEGAL.replace("legal winner thank year", "winner legal thank year")),
            Err(WordsError::Checksum)
        );
    }
}
