//! From the probes of a check to what its runs need for them.

use serde_json::{Value, json};
use temper_api::{CheckRun, Probe, ProbeMode};
use temper_core::clone::Driver;

/// What a Job that runs for as long as the recording may take beyond it, in seconds.
const RESERVE: u64 = 60;

/// Why a probe may not be carried out, with what to do about it.
pub(crate) fn refusal(probes: &[Probe]) -> Option<String> {
    of_jobs(probes, 0, &[]).find_map(|driver| driver.refusal())
}

/// The Jobs that a run's clone holds for its probes.
pub(crate) fn drivers(run: &CheckRun) -> Vec<Driver> {
    let spec = &run.spec;
    let environment = [("TEMPER_RUN", &spec.run), ("TEMPER_CHECK", &spec.check.name)];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.clone()));
    of_jobs(
        &spec.probes,
        spec.recording_seconds + seconds(&spec.probes) + RESERVE,
        &environment,
    )
    .collect()
}

fn of_jobs<'a>(
    probes: &'a [Probe],
    longest: u64,
    environment: &'a [(String, String)],
) -> impl Iterator<Item = Driver> + 'a {
    probes.iter().filter_map(move |probe| {
        Some(Driver {
            name: probe.name.clone(),
            template: probe.job.as_ref()?.template.clone(),
            limit_seconds: match probe.mode {
                ProbeMode::Start | ProbeMode::End => probe.timeout_seconds().into(),
                ProbeMode::Continuous => longest,
            },
            environment: environment.to_vec(),
        })
    })
}

/// How long a recording may wait for its last probes, in seconds: one whose last try begins as its time ends has as long
/// again.
pub(crate) fn seconds(probes: &[Probe]) -> u64 {
    probes
        .iter()
        .map(|probe| u64::from(probe.timeout_seconds()) * 2)
        .max()
        .unwrap_or(0)
}

/// What a worker is told. Of a Job, which is made with the clone, it needs no more than that it is one.
pub(crate) fn for_worker(probes: &[Probe]) -> Value {
    let told = |probe: &Probe| {
        let mut told = json!(probe);
        if let Some(fields) = told.as_object_mut() {
            fields.insert("timeoutSeconds".to_owned(), json!(probe.timeout_seconds()));
            fields.entry("job").and_modify(|job| *job = json!({}));
        }
        told
    };
    probes.iter().map(told).collect()
}

/// What is added to the name of the worker's role for those that it needs besides.
pub(crate) fn roles(probes: &[Probe]) -> impl Iterator<Item = &'static str> + '_ {
    let needs = [
        ("-exec", probes.iter().any(|probe| probe.exec.is_some())),
        ("-jobs", probes.iter().any(|probe| probe.job.is_some())),
    ];
    needs
        .into_iter()
        .filter_map(|(role, is_needed)| is_needed.then_some(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(mode: &str, ask: &Value) -> Probe {
        let mut probe = json!({"name": "a", "mode": mode, "timeoutSeconds": 40});
        for (kind, value) in ask.as_object().unwrap() {
            probe[kind] = value.clone();
        }
        serde_json::from_value(probe).unwrap()
    }

    #[test]
    fn a_worker_is_told_all_but_the_template_and_may_do_what_its_probes_need() {
        let probes = [
            probe("End", &json!({"http": {"port": 80}})),
            probe("Start", &json!({"job": {"template": {"spec": {"secret": 1}}}})),
        ];
        let told = for_worker(&probes);
        assert_eq!(told[0]["http"], json!({"port": 80, "path": "/", "scheme": "Http"}));
        assert_eq!(told[1]["job"], json!({}));
        assert_eq!(roles(&probes).collect::<Vec<_>>(), ["-jobs"]);
        assert_eq!(roles(&probes[..1]).count(), 0);
        let exec = probe("Continuous", &json!({"exec": {"command": ["true"]}}));
        assert_eq!(roles(&[exec]).collect::<Vec<_>>(), ["-exec"]);
        assert_eq!((seconds(&probes), seconds(&[])), (80, 0));
    }

    #[test]
    fn a_job_may_take_as_long_as_it_is_asked_to_or_as_the_recording() {
        let job = |mode: &str| probe(mode, &json!({"job": {"template": {}}}));
        let limit = |mode: &str| of_jobs(&[job(mode)], 500, &[]).next().unwrap().limit_seconds;
        assert_eq!([limit("Start"), limit("End"), limit("Continuous")], [40, 40, 500]);
        assert!(refusal(&[job("Start")]).unwrap().contains("containers"));
    }
}
