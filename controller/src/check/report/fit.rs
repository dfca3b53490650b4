//! Keeps a report small: thousands of them must not burden etcd.

use std::collections::BTreeSet;

use temper_api::{HardeningReportSpec, RunRole};

use super::{POINTS, thin};

/// A report is at most this large, in bytes of JSON.
const LIMIT: usize = 10 * 1024;

/// What leaves something out.
type Step = fn(&mut HardeningReportSpec);

/// In the order of what a reader misses least.
const STEPS: [Step; 13] = [
    |spec| points(spec, POINTS / 2),
    |spec| points(spec, POINTS / 4),
    |spec| points(spec, POINTS / 7),
    |spec| findings(spec, 3),
    |spec| findings(spec, 1),
    items,
    |spec| shorten(spec, 200),
    repairs,
    |spec| shorten(spec, 80),
    |spec| spec.series.clear(),
    |spec| spec.evidence.truncate(4),
    undecisive,
    |spec| shorten(spec, 40),
];

/// Leaves out as much as it must.
pub(super) fn fit(mut spec: HardeningReportSpec) -> HardeningReportSpec {
    let is_small = |spec: &HardeningReportSpec| serde_json::to_vec(spec).is_ok_and(|bytes| bytes.len() <= LIMIT);
    for step in STEPS {
        if is_small(&spec) {
            break;
        }
        step(&mut spec);
    }
    spec
}

fn points(spec: &mut HardeningReportSpec, limit: usize) {
    for series in &mut spec.series {
        series.points = thin(&series.points, limit);
    }
}

fn findings(spec: &mut HardeningReportSpec, keep: usize) {
    for evidence in &mut spec.evidence {
        evidence.findings.truncate(keep);
    }
}

/// Names three settings of each run, and how many more it had.
fn items(spec: &mut HardeningReportSpec) {
    const NAMED: usize = 3;
    for run in &mut spec.runs {
        let more = run.settings.len().saturating_sub(NAMED);
        if more > 1 {
            run.settings.truncate(NAMED);
            run.settings.push(format!("{more} more"));
        }
    }
}

/// What the verified run had is said by the recommendation.
fn repairs(spec: &mut HardeningReportSpec) {
    for run in &mut spec.runs {
        run.repairs.clear();
    }
}

/// Keeps the runs that a verdict names, and the baselines.
fn undecisive(spec: &mut HardeningReportSpec) {
    let decisive: BTreeSet<&str> = spec
        .settings
        .iter()
        .filter_map(|setting| setting.run.as_deref())
        .collect();
    let verified = spec.verification.as_ref().map(|verification| verification.run.as_str());
    spec.runs.retain(|run| {
        run.role == RunRole::Baseline || decisive.contains(run.name.as_str()) || verified == Some(run.name.as_str())
    });
}

fn shorten(spec: &mut HardeningReportSpec, length: usize) {
    let cut = |text: &mut String| {
        if text.chars().count() > length {
            *text = text.chars().take(length).chain(['…']).collect();
        }
    };
    for finding in spec.evidence.iter_mut().flat_map(|evidence| &mut evidence.findings) {
        cut(&mut finding.message);
        finding.example.iter_mut().for_each(cut);
        finding.template.iter_mut().for_each(cut);
    }
    for run in &mut spec.runs {
        run.message.iter_mut().for_each(cut);
    }
    for setting in &mut spec.settings {
        setting.message.iter_mut().for_each(cut);
        setting.warnings.iter_mut().for_each(cut);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A search of three containers with nine settings each, in this many runs.
    fn report(runs: usize) -> HardeningReportSpec {
        let line = "nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)";
        let items: Vec<String> = (0..27)
            .map(|n| format!("readOnlyRootFilesystem/container-{n}"))
            .collect();
        let repair = "container `nginx` has a writable copy of the image's /etc/nginx/conf.d";
        let run = |n: usize| {
            json!({
                "name": format!("set-{n:08x}"), "role": "Candidate", "settings": items, "repairs": [repair, repair],
                "screening": true, "phase": "Failed", "message": line, "startedSeconds": 13.2, "endedSeconds": 20.6
            })
        };
        let setting = |n: usize| {
            json!({"id": "readOnlyRootFilesystem", "container": format!("container-{n}"), "state": "Rejected",
                "run": format!("set-{:08x}", n % 5), "message": line})
        };
        let finding = json!({"oracle": "TC-03", "rule": "new-message", "weight": "Fail", "message": line, "example": line,
            "baselineCounts": [0, 0], "count": 3});
        serde_json::from_value(json!({
            "target": "Deployment/nginx", "targetRef": {"kind": "Deployment", "name": "nginx"},
            "check": {"name": "nginx", "uid": "1"}, "templateHash": "0", "outcome": "NothingProven", "message": line,
            "summary": "0/27",
            "settings": (0..27).map(setting).collect::<Vec<_>>(),
            "runs": (0..runs).map(run).collect::<Vec<_>>(),
            "evidence": (0..runs).map(|n| json!({"run": format!("set-{n:08x}"), "findings": [finding, finding]}))
                .collect::<Vec<_>>(),
            "cost": {"runs": runs, "clones": runs, "cloneSeconds": 90.0}, "timings": {"recordingSeconds": 60},
        }))
        .unwrap()
    }

    fn size(spec: &HardeningReportSpec) -> usize {
        serde_json::to_vec(spec).unwrap().len()
    }

    #[test]
    fn a_report_of_many_runs_and_settings_is_small() {
        for runs in [1, 3, 8, 20, 64] {
            let whole = report(runs);
            let fitted = fit(whole.clone());
            assert!(size(&fitted) <= LIMIT, "{runs} runs: {} bytes", size(&fitted));
            assert_eq!(fitted.settings.len(), whole.settings.len());
        }
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let mut small = report(1);
        small.settings.truncate(3);
        assert_eq!(fit(small.clone()), small);
    }

    #[test]
    fn long_lists_of_settings_go_before_the_lines_that_say_why() {
        let mut long = report(8);
        long.settings.truncate(3);
        let fitted = fit(long);
        assert_eq!(fitted.runs[0].settings.len(), 4);
        assert_eq!(fitted.runs[0].settings[3], "24 more");
        assert!(fitted.runs[0].message.as_ref().unwrap().ends_with("file system)"));
    }
}
