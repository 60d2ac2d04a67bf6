//! Making, restoring, opening and checking a profile's vault.

use dhc_ipc::{
    AccountView, Code, ConfirmWords, CreateVault, Done, Failure, ProfileView, RestoreVault,
    VaultCreated, Words as WordsView,
};
use dhc_vault::{
    CreateError, KdfParams, Loaded, NewVault, OpenError, SealedVault, Unlocked, WordCount, Words,
};

use crate::{
    failure::{misuse, store_failure},
    profile::{Profile, Session},
};

const SHORTEST_PASSWORD: usize = 8;

pub async fn create(profile: &Profile, args: CreateVault) -> Result<VaultCreated, Failure> {
    let count = match args.words {
        12 => WordCount::Twelve,
        24 => WordCount::TwentyFour,
        _ => return Err(misuse("a vault has 12 or 24 words")),
    };
    let words = Words::generate(count, &mut profile.rng.clone());
    let phrase = words.phrase();
    let shown = phrase.split_whitespace().map(str::to_owned).collect();
    let accounts = make(profile, words, args.passphrase, args.password).await?;
    profile.set_words_unconfirmed(true)?;
    profile.show_words(phrase);
    Ok(VaultCreated {
        accounts,
        words: Some(shown),
    })
}

pub async fn restore(profile: &Profile, args: RestoreVault) -> Result<VaultCreated, Failure> {
    let words = Words::parse(&args.words)
        .map_err(|e| misuse(format!("these words are no recovery words: {e}")))?;
    let accounts = make(profile, words, args.passphrase, args.password).await?;
    Ok(VaultCreated {
        accounts,
        words: None,
    })
}

async fn make(
    profile: &Profile,
    words: Words,
    passphrase: String,
    password: String,
) -> Result<Vec<AccountView>, Failure> {
    if profile.home.vault.read().map_err(store_failure)?.is_some() {
        return Err(
            Failure::new(Code::VaultExists, "this home holds a vault already")
                .hint("use another --home; an existing vault is never overwritten"),
        );
    }
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(misuse("a password has at least 8 characters"));
    }
    let mut rng = profile.rng.clone();
    let (sealed, unlocked) = off_thread(move || {
        let new = NewVault {
            words: &words,
            passphrase: &passphrase,
            password: &password,
            kdf: KdfParams::default(),
        };
        SealedVault::create(&new, &mut rng)
    })
    .await?
    .map_err(|e: CreateError| misuse(e.to_string()))?;
    profile
        .home
        .vault
        .write(sealed.as_bytes())
        .map_err(store_failure)?;
    let session = begin(profile, &unlocked)?;
    Ok(vec![AccountView {
        index: 0,
        address: session.address.to_string(),
    }])
}

/// The key derivation takes most of a second: not on a thread that serves others.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))
}

fn begin(profile: &Profile, unlocked: &Unlocked) -> Result<std::sync::Arc<Session>, Failure> {
    Ok(profile.begin(Session::open(&profile.home, unlocked, &profile.rng)?))
}

fn load(profile: &Profile) -> Result<Loaded, Failure> {
    let current = profile.home.vault.read().map_err(store_failure)?;
    let previous = profile.home.vault.read_previous().map_err(store_failure)?;
    let loaded = dhc_vault::choose(current, previous).map_err(|e| {
        Failure::new(
            Code::VaultDamaged,
            format!("the vault file is damaged: {e}"),
        )
        .hint("restore the vault from its words on a new home")
    })?;
    let loaded = loaded.ok_or_else(|| {
        Failure::new(Code::VaultMissing, "this home holds no vault")
            .hint("dhc vault create, or dhc vault restore")
    })?;
    if loaded.fell_back {
        tracing::warn!("the vault's newest file is damaged; its earlier generation was opened");
    }
    Ok(loaded)
}

fn open_failure(e: OpenError) -> Failure {
    match e {
        OpenError::BadPassword => Failure::new(Code::BadPassword, e.to_string()),
        OpenError::Damaged(_) => Failure::new(Code::VaultDamaged, e.to_string()),
    }
}

pub async fn unlock(profile: &Profile, password: String) -> Result<ProfileView, Failure> {
    let loaded = load(profile)?;
    let password = zeroize::Zeroizing::new(password);
    let unlocked = off_thread(move || loaded.vault.open(&password))
        .await?
        .map_err(open_failure)?;
    begin(profile, &unlocked)?;
    profile.view()
}

pub fn lock(profile: &Profile) -> Done {
    profile.end();
    let _ = profile.events.send(dhc_ipc::Event::Locked {
        profile: profile.id.clone(),
    });
    Done { ok: true }
}

/// Checks what the person wrote down against the words shown last, at the positions asked.
pub fn confirm_words(profile: &Profile, args: &ConfirmWords) -> Result<Done, Failure> {
    let phrase = profile
        .shown_words()
        .ok_or_else(|| misuse("show the words first"))?;
    let all: Vec<&str> = phrase.split_whitespace().collect();
    let right = !args.entered.is_empty()
        && args.entered.iter().all(|(i, word)| {
            all.get(usize::from(*i))
                .is_some_and(|w| w.eq_ignore_ascii_case(word.trim()))
        });
    if right {
        profile.set_words_unconfirmed(false)?;
        profile.forget_words();
    }
    Ok(Done { ok: right })
}

pub async fn reveal(profile: &Profile, password: String) -> Result<WordsView, Failure> {
    let loaded = load(profile)?;
    let password = zeroize::Zeroizing::new(password);
    let words = off_thread(move || loaded.vault.reveal_words(&password))
        .await?
        .map_err(open_failure)?;
    let phrase = words.phrase();
    let shown = phrase.split_whitespace().map(str::to_owned).collect();
    profile.show_words(phrase);
    Ok(WordsView { words: shown })
}

/// Whether both generations of the vault's file are whole and the open session is theirs.
pub fn verify(profile: &Profile) -> Result<Done, Failure> {
    profile.session()?;
    let loaded = load(profile)?;
    if loaded.fell_back {
        return Err(Failure::new(
            Code::VaultDamaged,
            "the newest vault file is damaged; an earlier one was opened",
        ));
    }
    Ok(Done { ok: true })
}
