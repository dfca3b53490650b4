//! What a claim wants and what becomes of a volume: decided here, done elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use k8s_openapi::api::core::v1::{
    LocalVolumeSource, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PersistentVolume,
    PersistentVolumeClaim, PersistentVolumeSpec, TopologySelectorLabelRequirement, TopologySelectorTerm,
    VolumeNodeAffinity,
};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource as _, ResourceExt as _};

/// Name of the StorageClass.
pub const CLASS: &str = "local";

/// Name of the provisioner, as Kubernetes knows it.
const PROVISIONER: &str = "temper.dev/local";
/// Keeps a volume until its directory is gone.
const FINALIZER: &str = "temper.dev/directory";
/// Kubernetes' own, while a claim holds the volume.
const PROTECTION: &str = "kubernetes.io/pv-protection";
/// Where the scheduler says which node it is for.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// What tells Kubernetes' controllers to leave the volume to us.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// What tells one node from the others.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// The default StorageClass, for these nodes alone: others, which may only pretend to run Pods, have no directories.
pub fn class(nodes: Vec<String>) -> StorageClass {
    let hostnames = TopologySelectorLabelRequirement {
        key: HOSTNAME.to_owned(),
        values: nodes,
    };
    StorageClass {
        metadata: ObjectMeta {
            name: Some(CLASS.to_owned()),
            annotations: Some(one("storageclass.kubernetes.io/is-default-class", "true")),
            ..ObjectMeta::default()
        },
        provisioner: PROVISIONER.to_owned(),
        reclaim_policy: Some("Delete".to_owned()),
        volume_binding_mode: Some("WaitForFirstConsumer".to_owned()),
        allowed_topologies: Some(vec![TopologySelectorTerm {
            match_label_expressions: Some(vec![hostnames]),
        }]),
        ..StorageClass::default()
    }
}

fn one(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

/// What a claim wants of the provisioner.
#[derive(Debug)]
pub(super) enum Wish {
    /// Nothing: it is somebody else's, has a volume, or no node was selected yet.
    None,
    /// What cannot be.
    Refused(&'static str),
    /// This volume of this directory.
    Volume {
        volume: Box<PersistentVolume>,
        directory: PathBuf,
    },
}

/// `nodes` has the directory of each node's volumes.
pub(super) fn wish(claim: &PersistentVolumeClaim, nodes: &BTreeMap<String, PathBuf>) -> Wish {
    let Some(spec) = &claim.spec else { return Wish::None };
    let Some(node) = claim.annotations().get(SELECTED_NODE) else {
        return Wish::None;
    };
    let ours = spec.storage_class_name.as_deref() == Some(CLASS);
    if !ours || spec.volume_name.is_some() || claim.metadata.deletion_timestamp.is_some() {
        return Wish::None;
    }
    if spec.volume_mode.as_deref() == Some("Block") {
        return Wish::Refused("a directory is no block device");
    }
    let Some(volumes) = nodes.get(node) else {
        return Wish::Refused("the selected node has no directory for volumes");
    };
    let requests = spec
        .resources
        .as_ref()
        .and_then(|resources| resources.requests.as_ref());
    let (Some(uid), Some(storage)) = (claim.uid(), requests.and_then(|requests| requests.get("storage"))) else {
        return Wish::Refused("the claim asks for no storage");
    };
    let name = format!("pvc-{uid}");
    let directory = volumes.join(&name);
    let volume = PersistentVolume {
        metadata: ObjectMeta {
            name: Some(name),
            annotations: Some(one(PROVISIONED_BY, PROVISIONER)),
            finalizers: Some(vec![FINALIZER.to_owned()]),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeSpec {
            capacity: Some(BTreeMap::from([("storage".to_owned(), storage.clone())])),
            access_modes: spec.access_modes.clone(),
            persistent_volume_reclaim_policy: Some("Delete".to_owned()),
            storage_class_name: Some(CLASS.to_owned()),
            claim_ref: Some(claim.object_ref(&())),
            local: Some(LocalVolumeSource {
                path: directory.display().to_string(),
                ..LocalVolumeSource::default()
            }),
            node_affinity: Some(on(node)),
            ..PersistentVolumeSpec::default()
        }),
        ..PersistentVolume::default()
    };
    Wish::Volume {
        volume: Box::new(volume),
        directory,
    }
}

/// Binds a volume to a node.
fn on(node: &str) -> VolumeNodeAffinity {
    let hostname = NodeSelectorRequirement {
        key: HOSTNAME.to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![node.to_owned()]),
    };
    VolumeNodeAffinity {
        required: Some(NodeSelector {
            node_selector_terms: vec![NodeSelectorTerm {
                match_expressions: Some(vec![hostname]),
                ..NodeSelectorTerm::default()
            }],
        }),
    }
}

/// What is to become of a volume.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not ours, or in use.
    Stays,
    /// Its claim is gone.
    Deleted,
    /// It is being deleted and nobody holds it: its directory goes first.
    Emptied,
}

pub(super) fn fate(volume: &PersistentVolume) -> Fate {
    let holds = |finalizer: &str| volume.finalizers().iter().any(|held| held == finalizer);
    let policy = volume
        .spec
        .as_ref()
        .and_then(|spec| spec.persistent_volume_reclaim_policy.as_deref());
    let phase = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    if !holds(FINALIZER) {
        Fate::Stays
    } else if volume.metadata.deletion_timestamp.is_some() {
        if holds(PROTECTION) { Fate::Stays } else { Fate::Emptied }
    } else if phase == Some("Released") && policy == Some("Delete") {
        Fate::Deleted
    } else {
        Fate::Stays
    }
}

/// The finalizers of a volume but ours.
pub(super) fn other_finalizers(volume: &PersistentVolume) -> Vec<&String> {
    volume.finalizers().iter().filter(|held| *held != FINALIZER).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn nodes() -> BTreeMap<String, PathBuf> {
        BTreeMap::from([("one".to_owned(), PathBuf::from("/volumes/one"))])
    }

    fn claim(change: impl FnOnce(&mut Value)) -> PersistentVolumeClaim {
        let mut claim = json!({
            "metadata": {
                "name": "data", "namespace": "shop", "uid": "1234",
                "annotations": {SELECTED_NODE: "one"},
            },
            "spec": {
                "storageClassName": CLASS,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        });
        change(&mut claim);
        serde_json::from_value(claim).unwrap()
    }

    #[test]
    fn a_claim_gets_what_it_asks_for_on_the_node_of_its_pod() {
        let Wish::Volume { volume, directory } = wish(&claim(|_| {}), &nodes()) else {
            panic!("no volume")
        };
        assert_eq!(directory, PathBuf::from("/volumes/one/pvc-1234"));
        let volume = serde_json::to_value(volume).unwrap();
        let spec = &volume["spec"];
        assert_eq!(spec["capacity"]["storage"], "1Gi");
        assert_eq!(spec["local"]["path"], "/volumes/one/pvc-1234");
        assert_eq!(spec["claimRef"]["uid"], "1234");
        let term = &spec["nodeAffinity"]["required"]["nodeSelectorTerms"][0];
        assert_eq!(term["matchExpressions"][0]["values"], json!(["one"]));
        assert_eq!(spec["persistentVolumeReclaimPolicy"], "Delete");
    }

    #[test]
    fn claims_that_are_not_ours_or_not_ready_are_left_alone() {
        let changes: [fn(&mut Value); 4] = [
            |claim| claim["spec"]["storageClassName"] = json!("fast"),
            |claim| claim["spec"]["volumeName"] = json!("there"),
            |claim| claim["metadata"]["annotations"] = json!({}),
            |claim| claim["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z"),
        ];
        for change in changes {
            assert!(matches!(wish(&claim(change), &nodes()), Wish::None));
        }
    }

    #[test]
    fn what_a_directory_cannot_be_is_refused() {
        let changes: [fn(&mut Value); 3] = [
            |claim| claim["spec"]["volumeMode"] = json!("Block"),
            |claim| claim["metadata"]["annotations"] = json!({SELECTED_NODE: "pretended"}),
            |claim| claim["spec"]["resources"] = json!({}),
        ];
        for change in changes {
            assert!(matches!(wish(&claim(change), &nodes()), Wish::Refused(_)));
        }
    }

    #[test]
    fn a_volume_goes_after_its_claim_and_its_directory_before_it() {
        let volume = |finalizers: &[&str], phase: &str, deleted: bool, policy: &str| -> PersistentVolume {
            serde_json::from_value(json!({
                "metadata": {
                    "name": "pvc-1234", "finalizers": finalizers,
                    "deletionTimestamp": deleted.then_some("2026-01-01T00:00:00Z"),
                },
                "spec": {"persistentVolumeReclaimPolicy": policy},
                "status": {"phase": phase},
            }))
            .unwrap()
        };
        let both = [FINALIZER, PROTECTION];
        let is = |volume: &PersistentVolume, expected| assert_eq!(fate(volume), expected, "{volume:?}");
        is(&volume(&both, "Bound", false, "Delete"), Fate::Stays);
        is(&volume(&both, "Released", false, "Delete"), Fate::Deleted);
        is(&volume(&both, "Released", false, "Retain"), Fate::Stays);
        is(&volume(&both, "Bound", true, "Delete"), Fate::Stays);
        is(&volume(&[FINALIZER], "Released", true, "Delete"), Fate::Emptied);
        is(&volume(&[PROTECTION], "Released", false, "Delete"), Fate::Stays);
        assert_eq!(other_finalizers(&volume(&both, "Bound", false, "Delete")), [PROTECTION]);
    }
}
