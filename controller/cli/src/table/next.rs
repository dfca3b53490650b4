//! What people do next with a check that stands where it stands.

use temper_api::WorkloadHardeningCheck;
use temper_report::{Verdict, apply_command};

use crate::standing::Standing;

/// Commands, the likeliest first.
pub(super) fn next_steps(
    check: &WorkloadHardeningCheck,
    name: &str,
    namespace: &str,
    standing: Standing,
) -> Vec<String> {
    let verb = |verb: &str| format!("kubectl temper {verb} {name} -n {namespace}");
    let has_report = check.status.as_ref().is_some_and(|status| status.report.is_some());
    let page = has_report.then(|| format!("{} -f report.html", verb("report")));
    let why = has_report.then(|| verb("explain"));
    let steps = match standing {
        Standing::Ended(Verdict::Verified) if has_report => {
            vec![
                Some(format!("{} -f patch.yaml", verb("patch"))),
                Some(apply_command(&check.spec.target_ref, namespace, "patch.yaml")),
                why,
                page,
            ]
        }
        Standing::Ended(Verdict::Undecided) => vec![page, Some(verb("retry"))],
        Standing::Ended(Verdict::Verified | Verdict::AlreadyHardened | Verdict::NothingProven) => vec![why, page],
        Standing::Cancelled => vec![Some(verb("retry"))],
        Standing::Refused => vec![
            Some(format!("mend it, then {}", verb("retry"))),
            Some(format!(
                "or kubectl delete whc {name} -n {namespace}, and create another"
            )),
        ],
        Standing::Suspended => vec![Some(verb("resume"))],
        Standing::Running => vec![Some(format!("{} --watch", verb("status")))],
    };
    steps.into_iter().flatten().collect()
}
