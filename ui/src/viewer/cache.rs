//! A bounded store of decoded frames: the least recently used go first.

use std::collections::HashMap;
use std::hash::Hash;

pub struct Cache<K, V> {
    entries: HashMap<K, Entry<V>>,
    clock: u64,
    bytes: usize,
    most: usize,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Copy + Eq + Hash, V: Clone> Cache<K, V> {
    /// Holds at most `most` bytes.
    pub fn new(most: usize) -> Self {
        Self {
            entries: HashMap::new(),
            clock: 0,
            bytes: 0,
            most,
        }
    }

    pub fn get(&mut self, key: K) -> Option<V> {
        self.clock += 1;
        let entry = self.entries.get_mut(&key)?;
        entry.used = self.clock;
        Some(entry.value.clone())
    }

    pub fn contains(&self, key: K) -> bool {
        self.entries.contains_key(&key)
    }

    /// Keeps a value of `bytes`, dropping others for it. One that alone is too big is kept alone:
    /// it is on screen.
    pub fn put(&mut self, key: K, value: V, bytes: usize) {
        self.clock += 1;
        if let Some(before) = self.entries.insert(
            key,
            Entry {
                value,
                bytes,
                used: self.clock,
            },
        ) {
            self.bytes -= before.bytes;
        }
        self.bytes += bytes;
        while self.bytes > self.most && self.entries.len() > 1 {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, entry)| entry.used)
                .map(|(key, _)| *key);
            if let Some(entry) = oldest.and_then(|key| self.entries.remove(&key)) {
                self.bytes -= entry.bytes;
            }
        }
    }
}

/// Frames worth having when `frame` of `count` is shown and the last step went `forward`: itself,
/// then those ahead and a few behind, nearest first.
pub fn wanted(frame: u32, count: u32, forward: bool) -> Vec<u32> {
    const AHEAD: i64 = 12;
    const BEHIND: i64 = 4;
    let sign = if forward { 1 } else { -1 };
    let mut offsets: Vec<i64> = (0..=AHEAD).chain((1..=BEHIND).map(|n| -n)).collect();
    offsets.sort_by_key(|offset| (offset.abs(), *offset < 0));
    offsets
        .into_iter()
        .map(|offset| i64::from(frame) + sign * offset)
        .filter(|at| (0..i64::from(count)).contains(at))
        .map(|at| at as u32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_frames_make_room() {
        let mut cache = Cache::new(30);
        for key in 0..3 {
            cache.put(key, key, 10);
        }
        assert_eq!(cache.get(0), Some(0));
        cache.put(3, 3, 10);
        assert_eq!(
            (cache.contains(0), cache.contains(1), cache.contains(3)),
            (true, false, true)
        );
        cache.put(4, 4, 500);
        assert!(cache.contains(4) && cache.entries.len() == 1);
        cache.put(4, 5, 5);
        assert_eq!((cache.bytes, cache.get(4)), (5, Some(5)));
    }

    #[test]
    fn what_is_shown_comes_first_then_its_neighbours() {
        assert_eq!(wanted(10, 100, true)[..5], [10, 11, 9, 12, 8]);
        assert_eq!(wanted(10, 100, false)[..4], [10, 9, 11, 8]);
        assert_eq!(wanted(0, 3, true), [0, 1, 2]);
        assert_eq!(wanted(2, 3, true), [2, 1, 0]);
    }
}
