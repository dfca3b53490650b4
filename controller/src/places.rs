//! The places that runs take: how many clones may exist at once.
//!
//! Which runs hold a place is also readable from the cluster, so nothing is lost with this process: a run that has
//! left Pending and whose clone is not gone holds one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Uid of a run.
pub(crate) type Uid = String;

/// A fixed number of places, first come, first served.
#[derive(Debug)]
pub(crate) struct Places<T> {
    limit: usize,
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    held: BTreeMap<Uid, T>,
    waiting: VecDeque<(Uid, T)>,
}

impl<T: Clone> Places<T> {
    /// A room with this many places.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            inner: Mutex::new(Inner {
                held: BTreeMap::new(),
                waiting: VecDeque::new(),
            }),
        }
    }

    /// Notes that a run has a place already.
    pub(crate) fn hold(&self, uid: &str, who: T) {
        let mut inner = self.lock();
        inner.waiting.retain(|(waiting, _)| waiting != uid);
        inner.held.insert(uid.to_owned(), who);
    }

    /// Forgets everybody and begins with these, who have a place already.
    pub(crate) fn reset(&self, holders: impl IntoIterator<Item = (Uid, T)>) {
        let mut inner = self.lock();
        inner.waiting.clear();
        inner.held = holders.into_iter().collect();
    }

    /// Whether it has a place.
    pub(crate) fn holds(&self, uid: &str) -> bool {
        self.lock().held.contains_key(uid)
    }

    /// Lets go of all but these. Returns who is first in line now.
    pub(crate) fn keep(&self, uids: &BTreeSet<Uid>) -> Vec<T> {
        let mut inner = self.lock();
        inner.held.retain(|uid, _| uids.contains(uid));
        inner.waiting.retain(|(uid, _)| uids.contains(uid));
        self.served(&inner).map(|(_, who)| who.clone()).collect()
    }

    /// Takes a place, or gets in line. Asking again keeps one's place in the line.
    pub(crate) fn take(&self, uid: &str, who: T) -> bool {
        let mut inner = self.lock();
        if inner.held.contains_key(uid) {
            return true;
        }
        if !inner.waiting.iter().any(|(waiting, _)| waiting == uid) {
            inner.waiting.push_back((uid.to_owned(), who.clone()));
        }
        let served = self.served(&inner).any(|(waiting, _)| waiting == uid);
        if served {
            inner.waiting.retain(|(waiting, _)| waiting != uid);
            inner.held.insert(uid.to_owned(), who);
        }
        served
    }

    /// Gives a place back, or leaves the line. Returns who is first in line now.
    pub(crate) fn leave(&self, uid: &str) -> Vec<T> {
        let mut inner = self.lock();
        inner.held.remove(uid);
        inner.waiting.retain(|(waiting, _)| waiting != uid);
        self.served(&inner).map(|(_, who)| who.clone()).collect()
    }

    /// Places taken and runs in line.
    pub(crate) fn count(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.held.len(), inner.waiting.len())
    }

    /// Those in line for whom there is a place.
    fn served<'a>(&self, inner: &'a Inner<T>) -> impl Iterator<Item = &'a (Uid, T)> {
        inner.waiting.iter().take(self.limit.saturating_sub(inner.held.len()))
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        // Every method leaves the maps consistent, so a panic elsewhere spoils nothing.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_and_the_line_is_served_in_order() {
        let places = Places::new(2);
        assert!(places.take("a", 'a') && places.take("b", 'b'));
        assert!(!places.take("c", 'c') && !places.take("d", 'd'));
        assert_eq!(places.leave("a"), ['c']);
        assert!(!places.take("d", 'd'), "d must not overtake c");
        assert!(places.take("c", 'c') && places.take("c", 'c'));
        assert_eq!(places.count(), (2, 1));
    }

    #[test]
    fn who_is_gone_holds_nothing_and_is_not_waited_for() {
        let places = Places::new(1);
        places.take("a", 'a');
        places.take("b", 'b');
        places.take("c", 'c');
        assert!(places.holds("a") && !places.holds("b"));
        assert_eq!(places.keep(&BTreeSet::from(["c".to_owned()])), ['c']);
        assert_eq!(places.count(), (0, 1));
    }

    #[test]
    fn a_restart_finds_its_places_taken() {
        let places = Places::new(1);
        places.take("z", ());
        places.reset([("a".to_owned(), ()), ("b".to_owned(), ())]);
        assert!(!places.take("c", ()));
        assert!(places.leave("a").is_empty(), "two were held: one is still one too many");
        assert_eq!(places.leave("b").len(), 1);
    }
}
