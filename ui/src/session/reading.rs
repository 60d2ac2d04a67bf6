//! Values that a screen shows, read from the core and read again when they may have changed.

use dhc_ipc::{Code, Command};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{Loaded, Session};

impl Session {
    /// A value that is read now, and again whenever the profile or the core's revision changes.
    /// What was read last, here or on a screen before, stays with its standing until something
    /// else is read, and while the network cannot be reached.
    pub fn read<C>(
        self,
        args: impl Fn() -> C + Send + Sync + 'static,
    ) -> RwSignal<Loaded<C::Answer>>
    where
        C: Command + 'static,
        C::Answer: Send + Sync + Clone + 'static,
    {
        let key = |profile: &str, args: &C| {
            let args = serde_json::to_string(args).unwrap_or_default();
            (profile.to_owned(), format!("{} {args}", C::NAME))
        };
        let last = move |key: &(String, String)| {
            let json = self.answers.with_value(|a| a.get(key).cloned());
            json.and_then(|json| serde_json::from_value(json).ok())
                .map_or(Loaded::Waiting, Loaded::Ready)
        };
        let first = untrack(|| key(&self.profile.get(), &args()));
        let value = RwSignal::new(last(&first));
        let asked = StoredValue::new((0u64, first));
        Effect::new(move |_| {
            self.revision.track();
            let args = args();
            let key = key(&self.profile.get(), &args);
            let (number, before) = asked.get_value();
            let number = number + 1;
            if before != key {
                value.set(last(&key));
            }
            asked.set_value((number, key.clone()));
            spawn_local(async move {
                let answer = self.ask(&args).await;
                // A later question, or a screen that is gone, makes this answer void.
                if asked.try_with_value(|(n, _)| *n) != Some(number) {
                    return;
                }
                match answer {
                    Ok(answer) => {
                        let json = serde_json::to_value(&answer).unwrap_or_default();
                        let known = self.answers.with_value(|a| a.get(&key) == Some(&json));
                        let shown = value.with_untracked(|v| matches!(v, Loaded::Ready(_)));
                        if !(known && shown) {
                            self.answers.update_value(|a| {
                                a.insert(key, json);
                            });
                            value.set(Loaded::Ready(answer));
                        }
                    }
                    Err(failure)
                        if failure.code == Code::NetworkUnreachable
                            && value.with_untracked(|v| matches!(v, Loaded::Ready(_))) =>
                    {
                        self.offline.set(Some(failure.code));
                    }
                    Err(failure) => value.set(Loaded::Failed(failure)),
                }
            });
        });
        value
    }
}
