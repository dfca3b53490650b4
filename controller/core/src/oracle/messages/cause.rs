//! Which of several complaints is the cause of the others.

use crate::logs::is_called_harmless;
use crate::oracle::Finding;

/// What the system says when it refuses or lacks something: the text of an errno, in lower case. What a program makes of
/// it comes before or after, and names no cause.
const CAUSES: [&str; 14] = [
    "permission denied",
    "not permitted",
    "read-only file system",
    "no such file",
    "no such device",
    "no space left",
    "too many open files",
    "cannot allocate memory",
    "out of memory",
    "address already in use",
    "connection refused",
    "function not implemented",
    "file too large",
    "name or service not known",
];

/// How long a program takes to tell why: what it says at first may be that something failed.
const TELLING_NANOS: i64 = 1_000_000_000;

/// Orders complaints by weight and then as they came, but for the first that names a cause, which leads those of its
/// moment. They come in the order of their positions.
pub(super) fn first(mut complaints: Vec<Finding>) -> Vec<Finding> {
    complaints.sort_by_key(|finding| (finding.weight, finding.at_nanos));
    let Some(leader) = complaints.first() else {
        return complaints;
    };
    let (weight, until) = (
        leader.weight,
        leader.at_nanos.map(|at| at.saturating_add(TELLING_NANOS)),
    );
    let is_cause = |finding: &Finding| finding.weight == weight && finding.at_nanos <= until && names_cause(finding);
    if let Some(place) = complaints.iter().position(is_cause) {
        let cause = complaints.remove(place);
        complaints.insert(0, cause);
    }
    complaints
}

fn names_cause(finding: &Finding) -> bool {
    let line = finding.example.as_deref().unwrap_or_default();
    let text = line.to_ascii_lowercase();
    if is_called_harmless(line) {
        return false;
    }
    CAUSES.iter().any(|cause| text.contains(cause)) || text.contains("errno")
}
