use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use jiff::Timestamp;

/// What was asked for lately, within bounds of number and weight.
///
/// Entries stand in two generations: when the young one is full, it becomes the old one, and what was not asked for
/// since is forgotten. Memory is bounded, and no look walks through it.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    young: HashMap<K, Entry<V>>,
    old: HashMap<K, Entry<V>>,
    /// Of the young ones.
    weight: usize,
    bounds: Bounds,
}

/// What one generation holds at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) entries: usize,
    pub(crate) weight: usize,
}

impl Bounds {
    /// Entries that are all of one size.
    pub(crate) const fn entries(entries: usize) -> Self {
        Self { entries, weight: usize::MAX }
    }
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: usize,
}

impl<K: Eq + Hash + Clone, V> Recent<K, V> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), weight: 0, bounds }
    }

    /// The value of `key`, which counts as asked for.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        if !self.old.is_empty()
            && !self.young.contains_key(key)
            && let Some(entry) = self.old.remove(key)
        {
            self.insert(key.clone(), entry.value, entry.weight);
        }
        self.young.get_mut(key).map(|entry| &mut entry.value)
    }

    /// The value of `key`, which becomes `new` where there is none.
    pub(crate) fn get_or_insert(&mut self, key: &K, new: V) -> &mut V {
        let (value, weight) = match self.young.remove(key) {
            Some(entry) => {
                self.weight -= entry.weight;
                (entry.value, entry.weight)
            }
            None => self.old.remove(key).map_or((new, 0), |entry| (entry.value, entry.weight)),
        };
        self.make_room(weight);
        self.weight += weight;
        let entry = self.young.entry(key.clone()).insert_entry(Entry { value, weight });
        &mut entry.into_mut().value
    }

    pub(crate) fn insert(&mut self, key: K, value: V, weight: usize) {
        self.remove(&key);
        self.make_room(weight);
        self.weight += weight;
        self.young.insert(key, Entry { value, weight });
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.old.remove(key);
        if let Some(entry) = self.young.remove(key) {
            self.weight -= entry.weight;
        }
    }

    /// Everything, which is forgotten.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (K, V)> {
        self.weight = 0;
        let (young, old) = (std::mem::take(&mut self.young), std::mem::take(&mut self.old));
        young.into_iter().chain(old).map(|(key, entry)| (key, entry.value))
    }

    fn make_room(&mut self, weight: usize) {
        if self.young.len() >= self.bounds.entries || self.weight.saturating_add(weight) > self.bounds.weight
        {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
    }
}

/// Whether what was asked for at `at` is less than `fresh` old. A clock that was set back makes nothing fresh.
pub(crate) fn is_fresh(at: Timestamp, fresh: Duration, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(at)).is_ok_and(|age| age < fresh)
}

#[cfg(test)]
impl<K, V> Recent<K, V> {
    /// How many entries there are in both generations.
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: usize = 8;
    const WEIGHT: usize = 100;

    #[test]
    fn it_is_bounded_and_keeps_what_was_asked_for_last() {
        for weight in [1, WEIGHT / 4] {
            let mut recent = Recent::new(Bounds { entries: ENTRIES, weight: WEIGHT });
            recent.insert(0, 0, weight);
            for n in 1..ENTRIES * 5 {
                recent.insert(n, n, weight);
                assert_eq!(recent.get(&0), Some(&mut 0), "it was asked for each time");
                assert!(recent.len() <= 2 * ENTRIES);
                let weigh = |entries: &HashMap<usize, Entry<usize>>| -> usize {
                    entries.values().map(|entry| entry.weight).sum()
                };
                assert!(weigh(&recent.young) + weigh(&recent.old) <= 2 * WEIGHT);
                assert_eq!(weigh(&recent.young), recent.weight);
            }
            assert_eq!(recent.get(&(ENTRIES * 5 - 1)), Some(&mut (ENTRIES * 5 - 1)));
            assert_eq!(recent.get(&1), None);
        }
    }

    #[test]
    fn a_value_is_changed_in_its_place_and_made_where_there_is_none() {
        let mut recent = Recent::new(Bounds::entries(2));
        for n in 0..6 {
            *recent.get_or_insert(&"kept", 0) += 1;
            recent.get_or_insert(&["a", "b", "c"][n % 3], 0);
        }
        assert_eq!(*recent.get_or_insert(&"kept", 0), 6);
        assert!(recent.len() <= 4);
        recent.remove(&"kept");
        assert_eq!(*recent.get_or_insert(&"kept", 0), 0);
    }

    #[test]
    fn what_is_put_anew_takes_the_place_of_what_was_there() {
        let mut recent = Recent::new(Bounds::entries(2));
        for n in 0..10 {
            recent.insert("one", n, 1);
        }
        assert_eq!((recent.len(), recent.weight), (1, 1));
        assert_eq!(recent.get(&"one"), Some(&mut 9));
    }
}
