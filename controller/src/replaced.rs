//! Which versions of checks and runs are known to be past.
//!
//! Whatever wakes a reconcile may come before the watch shows what the reconcile before it wrote. What would be decided
//! on the old version could not be written, so nothing needs to be looked at for it: the watch brings the new one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::ResourceExt;

/// The version that our last write has replaced, by UID of the object.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    versions: Mutex<BTreeMap<String, String>>,
}

impl Replaced {
    /// Takes note that a write of ours made of the object `before` the object `after`.
    pub(crate) fn note<K: ResourceExt>(&self, before: &K, after: &K) {
        let (old, new) = (before.resource_version(), after.resource_version());
        // A write that changes nothing makes no version.
        if old != new
            && let (Some(uid), Some(old)) = (before.uid(), old)
        {
            self.lock().insert(uid, old);
        }
    }

    /// Whether a newer version of the object is on its way to us.
    pub(crate) fn is_past<K: ResourceExt>(&self, object: &K) -> bool {
        let uid = object.uid().unwrap_or_default();
        let mut versions = self.lock();
        let is_past = versions
            .get(&uid)
            .is_some_and(|old| Some(old) == object.meta().resource_version.as_ref());
        if !is_past {
            versions.remove(&uid);
        }
        is_past
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        // Every method leaves the map consistent, so a panic elsewhere spoils nothing.
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn object(version: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.metadata.uid = Some("u".into());
        object.metadata.resource_version = Some(version.into());
        object
    }

    #[test]
    fn a_version_is_past_until_a_newer_one_is_seen() {
        let replaced = Replaced::default();
        assert!(!replaced.is_past(&object("1")));
        replaced.note(&object("1"), &object("2"));
        assert!(replaced.is_past(&object("1")) && replaced.is_past(&object("1")));
        assert!(!replaced.is_past(&object("2")));
        assert!(replaced.lock().is_empty());
    }

    #[test]
    fn a_write_that_changed_nothing_replaces_nothing() {
        let replaced = Replaced::default();
        replaced.note(&object("1"), &object("1"));
        assert!(!replaced.is_past(&object("1")));
    }
}
