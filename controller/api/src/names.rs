//! Names that Temper writes into a cluster.

use crate::CheckRef;

/// Name of a run's clone namespace: at most 59 characters, and another for every run of every check.
pub fn clone_name(check: &CheckRef, run: &str) -> String {
    let cut = |text: &str, length: usize| {
        text.chars()
            .take(length)
            .collect::<String>()
            .trim_end_matches(['-', '.'])
            .to_owned()
    };
    let name = cut(&check.name.replace('.', "-"), 20);
    let uid: String = check.uid.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    format!("temper-{name}-{uid}-{}", cut(run, 20))
}

/// Labels. All of them are on every object that a check makes outside its own namespace.
pub mod label {
    /// Standard label; its value is [`MANAGER`](super::MANAGER).
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
    /// UID of the check: what ties an object to it across namespaces.
    pub const CHECK_UID: &str = "temper.dev/check-uid";
    /// UID of the run.
    pub const RUN_UID: &str = "temper.dev/run-uid";
    /// Short name of the run within its check, such as `baseline-1`.
    pub const RUN: &str = "temper.dev/run";
    /// Namespace that a clone was made from. A namespace is a clone if it carries this label.
    pub const CLONE_OF: &str = "temper.dev/clone-of";
}

/// Annotations.
pub mod annotation {
    /// RFC 3339 time after which the janitor removes the object whatever its owner says.
    pub const DEADLINE: &str = "temper.dev/deadline";
    /// Name of the check, for people.
    pub const CHECK: &str = "temper.dev/check";
    /// The run that the object was made for, as namespace/name.
    pub const RUN: &str = "temper.dev/run";
    /// On a check, with any value: end it without a verdict, and remove what it made.
    pub const CANCEL: &str = "temper.dev/cancel";
    /// On a check that has ended: begin anew, once for each new value.
    pub const RETRY: &str = "temper.dev/retry";
    /// W3C trace context of the check, on its runs: its trace, and the span that theirs lie below.
    pub const TRACEPARENT: &str = "temper.dev/traceparent";
}

/// Finalizers.
pub mod finalizer {
    /// Held until clones, Jobs and messages of the object are gone.
    pub const CLEANUP: &str = "temper.dev/cleanup";
}

/// Condition types of a WorkloadHardeningCheck.
pub mod condition {
    /// Spec and target were found fit to run.
    pub const ACCEPTED: &str = "Accepted";
    /// The check has ended, whatever it found.
    pub const COMPLETE: &str = "Complete";
    /// The recommendation as a whole was run, recorded in full and passed.
    pub const VERIFIED: &str = "Verified";
    /// The check holds still: `spec.suspend` is set.
    pub const SUSPENDED: &str = "Suspended";
    /// Network policies of the clones are enforced.
    pub const EGRESS_FENCED: &str = "EgressFenced";
    /// Nothing that the check made is left but its report.
    pub const CLEANED_UP: &str = "CleanedUp";
}

/// Reasons of conditions and Events.
pub mod reason {
    /// The spec holds a value that no run could use.
    pub const INVALID_SPEC: &str = "InvalidSpec";
    /// No such object.
    pub const TARGET_NOT_FOUND: &str = "TargetNotFound";
    /// A kind that Temper cannot clone.
    pub const UNKNOWN_KIND: &str = "UnknownKind";
    /// Another object makes the workload, and would make it anew.
    pub const TARGET_OWNED: &str = "TargetOwned";
    /// The workload itself is not Ready.
    pub const TARGET_NOT_READY: &str = "TargetNotReady";
    /// The workload went away while the check ran.
    pub const TARGET_DELETED: &str = "TargetDeleted";
    /// The workload's Pod template was changed while the check ran.
    pub const TARGET_CHANGED: &str = "TargetChanged";
    /// An older check of the same workload has not ended.
    pub const TARGET_BUSY: &str = "TargetBusy";
    /// A run of another check has the name that one of this check needs.
    pub const NAME_TAKEN: &str = "NameTaken";
    /// Spec and target are fit.
    pub const ACCEPTED: &str = "Accepted";
    /// A volume would share state with the source.
    pub const SHARED_VOLUME: &str = "SharedVolume";
    /// Baselines and first candidate run.
    pub const RECORDING: &str = "Recording";
    /// Settings are tried one by one.
    pub const SEARCHING: &str = "Searching";
    /// The recommendation as a whole runs.
    pub const VERIFYING: &str = "Verifying";
    /// A recommendation was verified.
    pub const VERIFIED: &str = "Verified";
    /// No setting could be proven.
    pub const NOTHING_PROVEN: &str = "NothingProven";
    /// What passed was not seen at work, and `spec.oracles.requireExercise` is set.
    pub const NOT_EXERCISED: &str = "NotExercised";
    /// What passed once did not pass again.
    pub const UNVERIFIED: &str = "Unverified";
    /// The workload already has every setting.
    pub const ALREADY_HARDENED: &str = "AlreadyHardened";
    /// Unchanged clones crash, never become Ready or contradict each other.
    pub const BASELINE_UNSTABLE: &str = "BaselineUnstable";
    /// A run lacks what baselines were since seen to need, and can prove nothing.
    pub const SUPERSEDED: &str = "Superseded";
    /// A run could not be decided.
    pub const RUN_ERROR: &str = "RunError";
    /// The API server, a quota or a webhook refused an object of a clone.
    pub const CLONE_REFUSED: &str = "CloneRefused";
    /// A clone could not be made in time.
    pub const CLONE_FAILED: &str = "CloneFailed";
    /// Workers were lost, or what they recorded was, three times.
    pub const INFRASTRUCTURE_FAILED: &str = "InfrastructureFailed";
    /// The user cancelled the check.
    pub const CANCELLED: &str = "Cancelled";
    /// `spec.suspend` is set.
    pub const SUSPENDED: &str = "Suspended";
    /// `spec.suspend` was taken back.
    pub const RESUMED: &str = "Resumed";
    /// An annotation asked for another try.
    pub const RETRIED: &str = "Retried";
    /// Something in a clone keeps it from being removed.
    pub const CLEAN_UP_BLOCKED: &str = "CleanUpBlocked";
    /// Objects are still being removed.
    pub const CLEANING_UP: &str = "CleaningUp";
    /// All objects are gone.
    pub const CLEANED_UP: &str = "CleanedUp";
    /// A network policy engine was seen in the cluster.
    pub const POLICY_ENGINE_FOUND: &str = "PolicyEngineFound";
    /// No known network policy engine runs in the cluster.
    pub const NO_POLICY_ENGINE: &str = "NoPolicyEngine";
    /// The check asks for open egress.
    pub const EGRESS_ALLOWED: &str = "EgressAllowed";

    // Of Events only. A check's end is told with the reason of its condition Complete.

    /// Spec and target are fit; the first clones start.
    pub const CHECK_ACCEPTED: &str = "CheckAccepted";
    /// A clone of the unchanged workload is being made.
    pub const BASELINE_STARTED: &str = "BaselineStarted";
    /// An unchanged clone works.
    pub const BASELINE_STABLE: &str = "BaselineStable";
    /// An unchanged clone does not work, or could not be decided.
    pub const BASELINE_FAILED: &str = "BaselineFailed";
    /// The candidate with every setting does not work: each setting is tried alone.
    pub const SEARCH_STARTED: &str = "SearchStarted";
    /// A clone with some settings works.
    pub const CANDIDATE_PASSED: &str = "CandidatePassed";
    /// A clone with some settings does not work; the note says why.
    pub const CANDIDATE_FAILED: &str = "CandidateFailed";
    /// What was recorded of a clone with settings does not decide it.
    pub const RUN_INCONCLUSIVE: &str = "RunInconclusive";
    /// A clone with a recommendation as a whole works.
    pub const VERIFICATION_PASSED: &str = "VerificationPassed";
    /// A clone with a recommendation as a whole does not work.
    pub const VERIFICATION_FAILED: &str = "VerificationFailed";
    /// The API server refuses the exact Pod at the level of the Pod Security Standards that it claims.
    pub const ADMISSION_REFUSED: &str = "AdmissionRefused";
    /// A worker was lost; another one records the same clone.
    pub const WORKER_REPLACED: &str = "WorkerReplaced";
    /// A report holds a patch that was verified by running it.
    pub const RECOMMENDATION_READY: &str = "RecommendationReady";
}

/// Ids of all settings, as `spec.settings` takes them. Those of `temper-core`, which a test of the controller holds them to.
pub const SETTINGS: [&str; 17] = [
    "runAsNonRoot",
    "runAsGroup",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "capabilities_restricted",
    "seccompProfile_restricted",
    "privileged",
    "procMount",
    "hostPorts",
    "fsGroup",
    "automountServiceAccountToken",
    "hostNamespaces",
    "shareProcessNamespace",
    "appArmorProfile",
    "seLinuxOptions",
    "hostUsers",
    "supplementalGroupsPolicy",
];

/// Value of the standard label and name of the field manager.
pub const MANAGER: &str = "temper";
