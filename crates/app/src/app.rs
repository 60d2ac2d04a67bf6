//! The core: profiles on a network, requests in, answers and events out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use dhc_chain::history::Accessed;
use dhc_domain::NetworkFile;
use dhc_ipc::{AppView, Call, Code, CreateProfile, Event, Failure, ProfileState, ProfileView};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::{
    dispatch,
    entropy::Rng,
    failure::{misuse, open_failure, reason_code},
    film, glass,
    job::Job,
    pins,
    ports::{Clock, Entropy, Homes, Networks},
    profile::Profile,
    release::KeyRelease,
    sponsoring::{Desk, Sponsoring, Terms},
};

/// What the core stands on.
pub struct World {
    pub homes: Arc<dyn Homes>,
    pub networks: Arc<dyn Networks>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub network: NetworkFile,
    /// Where new profiles are made; `None` where there is one home only.
    pub profiles: Option<PathBuf>,
    /// The profiles of the demo, whose password is no secret.
    pub demo: bool,
    pub version: &'static str,
    /// Whether unlocked profiles answer other apps: true for the app, false for single commands.
    pub answers: bool,
}

/// How often an idle core looks for a new head, new openings, and vaults to lock.
const BEAT: Duration = Duration::from_secs(2);

pub struct App {
    world: World,
    profiles: RwLock<BTreeMap<String, Arc<Profile>>>,
    events: broadcast::Sender<Event>,
    jobs: Mutex<BTreeMap<String, Job>>,
}

impl App {
    pub fn new(world: World) -> Arc<Self> {
        let (events, _) = broadcast::channel(1024);
        Arc::new(Self {
            world,
            profiles: RwLock::default(),
            events,
            jobs: Mutex::default(),
        })
    }

    /// Opens a home as the profile `id`, waiting for its lock.
    pub async fn open_profile(&self, id: &str, folder: &Path) -> Result<Arc<Profile>, Failure> {
        let home = self.world.homes.open(folder).await.map_err(open_failure)?;
        let (chain, services) = self
            .world
            .networks
            .connect(&self.world.network, home.headers.clone())
            .map_err(|e| misuse(e.to_string()))?;
        let profile = Arc::new(Profile::new(
            id.to_owned(),
            home,
            chain,
            services,
            self.world.clock.clone(),
            Rng::new(self.world.entropy.clone()),
            self.events.clone(),
        ));
        self.profiles
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), profile.clone());
        Ok(profile)
    }

    /// Opens every home in the profiles' folder.
    pub async fn open_profiles(&self) -> Result<(), Failure> {
        let Some(root) = self.world.profiles.clone() else {
            return Ok(());
        };
        let mut folders: Vec<PathBuf> = std::fs::read_dir(&root)
            .map_err(|e| Failure::new(Code::FileUnreadable, e.to_string()))?
            .filter_map(|entry| entry.ok().map(|e| e.path()).filter(|p| p.is_dir()))
            .collect();
        folders.sort();
        for folder in folders {
            if let Some(id) = folder.file_name().and_then(|n| n.to_str()) {
                self.open_profile(id, &folder).await?;
            }
        }
        Ok(())
    }

    pub async fn create_profile(&self, args: CreateProfile) -> Result<ProfileView, Failure> {
        let root = self
            .world
            .profiles
            .clone()
            .ok_or_else(|| misuse("this home is one person's"))?;
        // The folder's name tells nobody's.
        let id = format!(
            "p-{}",
            hex::encode(Rng::new(self.world.entropy.clone()).array::<6>())
        );
        let profile = self.open_profile(&id, &root.join(&id)).await?;
        profile.rename(&args.name)
    }

    pub fn profile(&self, id: &str) -> Result<Arc<Profile>, Failure> {
        self.profiles
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
            .ok_or_else(|| misuse("no such profile"))
    }

    fn every_profile(&self) -> Vec<Arc<Profile>> {
        self.profiles
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    pub fn state(&self) -> Result<AppView, Failure> {
        Ok(AppView {
            version: self.world.version.to_owned(),
            network: self.world.network.name.clone(),
            demo: self.world.demo,
            profiles: self
                .every_profile()
                .iter()
                .map(|p| p.view())
                .collect::<Result<_, _>>()?,
        })
    }

    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Answers one request.
    pub async fn call(&self, call: Call) -> Result<Value, Failure> {
        let job = Job::new(&call.profile, call.job.clone(), self.events.clone());
        if let Some(name) = &call.job {
            self.jobs().insert(name.clone(), job.clone());
        }
        let name = call.job.clone();
        let answer = dispatch::dispatch(self, call, &job).await;
        if let Some(name) = name {
            self.jobs().remove(&name);
        }
        answer
    }

    pub(crate) fn end_job(&self, name: &str) -> bool {
        self.jobs().get(name).map(Job::end).is_some()
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A frame for display, in `dhc_ipc::encode_frame`'s form.
    pub async fn frame(
        &self,
        profile: &str,
        film: &str,
        series: u32,
        frame: u32,
    ) -> Result<Vec<u8>, Failure> {
        film::frame(&*self.profile(profile)?, film, series, frame).await
    }

    /// A PNG of a series' middle frame; of the record itself while no film is open.
    pub async fn thumbnail(
        &self,
        profile: &str,
        film: &str,
        series: u32,
    ) -> Result<Vec<u8>, Failure> {
        film::thumbnail(&*self.profile(profile)?, film, series).await
    }

    /// A frame of an open film as the viewer shows it at 1:1, in PNG.
    pub async fn render(
        &self,
        profile: &str,
        film: &str,
        series: Option<&str>,
        instance: Option<&str>,
        frame: u32,
        params: dhc_imaging::RenderParams,
    ) -> Result<dhc_imaging::Rendered, Failure> {
        film::render(
            &*self.profile(profile)?,
            film,
            series,
            instance,
            frame,
            params,
        )
        .await
    }

    /// A folder of the profile's for files handed over by a browser, emptied when they are imported.
    pub fn inbox(&self, profile: &str) -> Result<PathBuf, Failure> {
        Ok(self.profile(profile)?.home.folder.join("inbox"))
    }

    /// Answers other apps' requests for keys while this profile is unlocked.
    pub async fn answer_peers(&self, profile: &str) -> Result<crate::ports::PeerHint, Failure> {
        let profile = self.profile(profile)?;
        profile.session()?;
        let channel = profile.home.channel.clone();
        // What a service was not asked, did not take, or has lost, it is asked for at each start.
        let job = Job::new(&profile.id, None, self.events.clone());
        let keeping = profile.clone();
        tokio::spawn(async move {
            if let Err(e) = pins::sync(&keeping, &job).await {
                tracing::warn!(code = %e.code, "the pinning services were not asked");
            }
        });
        channel
            .answer_with(Some(Arc::new(KeyRelease::new(&profile)?)))
            .await;
        channel
            .here()
            .await
            .map_err(crate::failure::exchange_failure)
    }

    /// Carries in and pays for what others sign, within `terms`, while this profile is unlocked.
    pub async fn sponsor(&self, profile: &str, terms: Terms) -> Result<Sponsoring, Failure> {
        let profile = self.profile(profile)?;
        let session = profile.session()?;
        let desk = Desk::new(&profile, terms);
        let state = desk.state(&session)?;
        tokio::spawn(desk.clone().follow());
        profile.home.errands.take_with(Some(desk)).await;
        Ok(state)
    }

    /// Closes a profile: its node stops answering and its lock is freed.
    pub async fn close_profile(&self, id: &str) {
        let removed = self
            .profiles
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
        if let Some(profile) = removed {
            profile.home.channel.answer_with(None).await;
            profile.home.errands.take_with(None).await;
            profile.end();
        }
    }

    /// Follows the chain and tells of what changed, until the core is dropped.
    pub async fn keep_watch(self: Arc<Self>) {
        let weak = Arc::downgrade(&self);
        drop(self);
        let mut beat = tokio::time::interval(BEAT);
        let mut seen: BTreeMap<String, (u64, Option<u64>)> = BTreeMap::new();
        let mut asked: BTreeMap<String, Option<usize>> = BTreeMap::new();
        loop {
            beat.tick().await;
            let Some(app) = weak.upgrade() else { return };
            for profile in app.every_profile() {
                if profile.state().ok() != Some(ProfileState::Unlocked) {
                    // After the next unlocking, what was not acknowledged is told again.
                    if let Some((_, openings)) = seen.get_mut(&profile.id) {
                        *openings = None;
                    }
                    continue;
                }
                app.lock_if_idle(&profile);
                match profile.chain.sync().await {
                    Ok(head) => {
                        let known = seen.entry(profile.id.clone()).or_default();
                        if head.height.0 > known.0 {
                            known.0 = head.height.0;
                            let _ = app.events.send(Event::Head {
                                height: head.height.0,
                            });
                            app.tell_openings(&profile, &mut known.1).await;
                            let asked = asked.entry(profile.id.clone()).or_default();
                            app.tell_requests(&profile, asked).await;
                        }
                    }
                    Err(e) => {
                        let _ = app.events.send(Event::Offline {
                            code: reason_code(e.reason()),
                        });
                    }
                }
            }
        }
    }

    /// Tells of openings since the last look. At the first look after unlocking, what was there is
    /// no news, but for broken glasses that the person has not acknowledged.
    async fn tell_openings(&self, profile: &Profile, known: &mut Option<u64>) {
        let Ok(session) = profile.session() else {
            return;
        };
        let Ok(log) = glass::log(profile, &session).await else {
            return;
        };
        let Ok(broken) = glass::unacknowledged(&session, &log.entries) else {
            return;
        };
        let before = known.replace(log.entries.len() as u64);
        let is_new = |e: &Accessed| before.is_some_and(|n| e.seq >= n);
        if let Some(newest) = log.entries.last().filter(|e| is_new(e)) {
            let _ = self.events.send(Event::Opened {
                profile: profile.id.clone(),
                grant: newest.id.to_string(),
            });
        }
        for entry in broken {
            if before.is_none() || is_new(entry) {
                let _ = self.events.send(Event::GlassBroken {
                    profile: profile.id.clone(),
                    grant: entry.id.to_string(),
                    by: entry.by.to_string(),
                    time: entry.time.to_string(),
                    seq: entry.seq,
                });
            }
        }
    }

    async fn tell_requests(&self, profile: &Profile, known: &mut Option<usize>) {
        let Ok(arrived) = crate::requests::arrived(profile, known).await else {
            return;
        };
        for (request, from) in arrived {
            let _ = self.events.send(Event::Requested {
                profile: profile.id.clone(),
                request: request.to_string(),
                from: from.to_string(),
            });
        }
    }

    fn lock_if_idle(&self, profile: &Profile) {
        let minutes = profile.settings().map_or(0, |s| s.auto_lock_min);
        if minutes > 0 && profile.idle_for() > Duration::from_secs(u64::from(minutes) * 60) {
            crate::vaults::lock(profile);
        }
    }

    /// In the app and behind `dhc serve`, an unlocked profile answers its grantees.
    pub(crate) async fn after_unlock(&self, profile: &str) {
        if self.world.answers
            && let Err(e) = self.answer_peers(profile).await
        {
            tracing::warn!(code = %e.code, "this profile does not answer its grantees");
        }
    }

    pub(crate) async fn before_lock(&self, profile: &str) {
        if let Ok(profile) = self.profile(profile) {
            profile.home.channel.answer_with(None).await;
            profile.home.errands.take_with(None).await;
        }
    }
}
