use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce, Payload},
};
use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::CryptoRng;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    KdfParams, ParseError, Unlocked, Words,
    format::{Envelope, PasswordSlot, Slot},
};

/// A vault file's bytes, whole and undamaged. The password is not known yet.
#[derive(Clone)]
pub struct SealedVault {
    bytes: Vec<u8>,
    envelope: Envelope,
}

/// What a new vault is made of.
pub struct NewVault<'a> {
    pub words: &'a Words,
    /// BIP-39's optional passphrase, empty for none. It changes every key and is needed, with
    /// the words, on restore.
    pub passphrase: &'a str,
    pub password: &'a str,
    pub kdf: KdfParams,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    #[error("the password is empty")]
    EmptyPassword,
    #[error("the key derivation's cost is out of range")]
    Cost,
    /// BIP-32: happens with a probability below 2^-127.
    #[error("these words derive no key")]
    NoKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the password is wrong")]
    BadPassword,
    /// The password is right, yet the content does not open: altered by somebody who also set
    /// the checksum right.
    #[error("the vault file is damaged: {0}")]
    Damaged(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Create(#[from] CreateError),
}

/// The generation to use, and whether it is an earlier one because the newest is damaged or gone.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub vault: SealedVault,
    pub fell_back: bool,
}

/// Takes the newest undamaged generation. `None` where there is no file at all; the error is
/// that of the current file.
pub fn choose(
    current: Option<Vec<u8>>,
    previous: Option<Vec<u8>>,
) -> Result<Option<Loaded>, ParseError> {
    let current = current.map(SealedVault::parse);
    if let Some(Ok(vault)) = current {
        return Ok(Some(Loaded {
            vault,
            fell_back: false,
        }));
    }
    match (previous.map(SealedVault::parse), current) {
        (Some(Ok(vault)), _) => Ok(Some(Loaded {
            vault,
            fell_back: true,
        })),
        (_, Some(Err(e))) | (Some(Err(e)), _) => Err(e),
        _ => Ok(None),
    }
}

impl SealedVault {
    /// Seals new words under a password. The words are derived once here, so that what is
    /// written is known to open.
    pub fn create(
        new: &NewVault<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(Self, Unlocked), CreateError> {
        let seed = new.words.seed(new.passphrase);
        let unlocked = Unlocked::derive(&seed).map_err(|_| CreateError::NoKey)?;
        let secret = Secret::new(new.words, &seed);
        let vault = Self::seal(1, &secret, new.password, new.kdf, rng)?;
        Ok((vault, unlocked))
    }

    /// Checks the file's form and checksum; needs no password.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ParseError> {
        Envelope::decode(&bytes).map(|envelope| Self { bytes, envelope })
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Counts the rewrites of this vault from 1.
    pub fn generation(&self) -> u64 {
        self.envelope.generation
    }

    /// The cost of unlocking; `None` without a password slot.
    pub fn kdf(&self) -> Option<KdfParams> {
        self.password_slots().next().map(|slot| slot.params)
    }

    pub fn open(&self, password: &str) -> Result<Unlocked, OpenError> {
        let secret = self.unseal(password)?;
        Unlocked::derive(secret.seed()).map_err(|_| OpenError::Damaged("its seed derives no key"))
    }

    /// The words, for the person to write down. Asks for the password although the vault may be
    /// open.
    pub fn reveal_words(&self, password: &str) -> Result<Words, OpenError> {
        self.unseal(password)?.words()
    }

    /// The same secret under a new password, cost, data key and generation.
    pub fn change_password(
        &self,
        old: &str,
        new: &str,
        kdf: KdfParams,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, ChangePasswordError> {
        let secret = self.unseal(old)?;
        Ok(Self::seal(self.generation() + 1, &secret, new, kdf, rng)?)
    }

    fn password_slots(&self) -> impl Iterator<Item = &PasswordSlot> {
        self.envelope.slots.iter().filter_map(|slot| match slot {
            Slot::Password(slot) => Some(slot),
            Slot::Other { .. } => None,
        })
    }

    fn seal(
        generation: u64,
        secret: &Secret,
        password: &str,
        params: KdfParams,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, CreateError> {
        if password.is_empty() {
            return Err(CreateError::EmptyPassword);
        }
        let mut data_key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *data_key);
        let mut slot = PasswordSlot {
            params,
            salt: [0; 16],
            nonce: [0; 12],
            wrapped: [0; 48],
        };
        rng.fill_bytes(&mut slot.salt);
        rng.fill_bytes(&mut slot.nonce);
        let kek = stretch(password, &slot).ok_or(CreateError::Cost)?;
        let wrapped = encrypt(&kek, &slot.nonce, &slot.aad(), &*data_key);
        slot.wrapped = wrapped.try_into().expect("32 bytes and a tag");

        let mut nonce = [0; 12];
        rng.fill_bytes(&mut nonce);
        let mut envelope = Envelope {
            generation,
            slots: vec![Slot::Password(slot)],
            nonce,
            payload: Vec::new(),
        };
        envelope.payload = encrypt(&data_key, &nonce, &envelope.header(), &*secret.0);
        Ok(Self {
            bytes: envelope.encode(),
            envelope,
        })
    }

    fn unseal(&self, password: &str) -> Result<Secret, OpenError> {
        let data_key = self
            .password_slots()
            .find_map(|slot| {
                let kek = stretch(password, slot)?;
                decrypt(&kek, &slot.nonce, &slot.aad(), &slot.wrapped)
            })
            .ok_or(OpenError::BadPassword)?;
        let data_key: Zeroizing<[u8; 32]> = Zeroizing::new(
            data_key
                .as_slice()
                .try_into()
                .map_err(|_| OpenError::Damaged("its data key has another length"))?,
        );
        let payload = decrypt(
            &data_key,
            &self.envelope.nonce,
            &self.envelope.header(),
            &self.envelope.payload,
        )
        .ok_or(OpenError::Damaged("its content was altered"))?;
        Secret::decode(&payload).ok_or(OpenError::Damaged("its content is malformed"))
    }
}

impl fmt::Debug for SealedVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedVault")
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}

/// The payload: language (1) ‖ entropy length (1) ‖ entropy, zero-padded (32) ‖ BIP-39 seed (64).
/// One length for every vault, so that the file does not tell how many words there are.
struct Secret(Zeroizing<[u8; Secret::LEN]>);

impl Secret {
    const LEN: usize = 98;

    fn new(words: &Words, seed: &[u8; 64]) -> Self {
        let mut out = Zeroizing::new([0; Self::LEN]);
        let entropy = words.entropy();
        let language = Words::LANGUAGES.iter().position(|l| *l == words.language());
        out[0] = language.expect("words are of a known language") as u8;
        out[1] = entropy.len() as u8;
        out[2..2 + entropy.len()].copy_from_slice(&entropy);
        out[34..].copy_from_slice(seed);
        Self(out)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let secret = Self(Zeroizing::new(bytes.try_into().ok()?));
        secret.words().ok().map(|_| secret)
    }

    fn words(&self) -> Result<Words, OpenError> {
        let language = Words::LANGUAGES.get(usize::from(self.0[0]));
        let entropy = self.0[2..34].get(..usize::from(self.0[1]));
        language
            .zip(entropy)
            .and_then(|(language, entropy)| Words::from_entropy(*language, entropy))
            .ok_or(OpenError::Damaged("its content is malformed"))
    }

    fn seed(&self) -> &[u8; 64] {
        self.0
            .last_chunk()
            .expect("the payload is longer than a seed")
    }
}

/// Argon2id over the password in Unicode's NFC, so that the same keys typed on another system
/// open the vault.
fn stretch(password: &str, slot: &PasswordSlot) -> Option<Zeroizing<[u8; 32]>> {
    let KdfParams {
        memory_kib,
        passes,
        lanes,
    } = slot.params;
    if !slot.params.is_acceptable() {
        return None;
    }
    let params = Params::new(memory_kib, passes, lanes, Some(32)).ok()?;
    let password: Zeroizing<String> = Zeroizing::new(password.nfc().collect());
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &slot.salt, &mut *key)
        .ok()?;
    Some(key)
}

fn encrypt(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], msg: &[u8]) -> Vec<u8> {
    Aes256Gcm::new(key.into())
        .encrypt(&Nonce::<Aes256Gcm>::from(*nonce), Payload { msg, aad })
        .expect("a vault is below AES-GCM's 64 GiB")
}

fn decrypt(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], msg: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    Aes256Gcm::new(key.into())
        .decrypt(&Nonce::<Aes256Gcm>::from(*nonce), Payload { msg, aad })
        .ok()
        .map(Zeroizing::new)
}
