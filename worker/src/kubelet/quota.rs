//! What a kubelet's `/metrics/cadvisor` tells of CPU quotas. The answer has megabytes on a full node: it is read a line
//! at a time, and all but two families of our own Pods is dropped at once.

use std::collections::BTreeMap;

use temper_proto::v1;

use crate::exposition::{Line, line};

const PERIODS: &str = "container_cpu_cfs_periods_total";
const THROTTLED: &str = "container_cpu_cfs_throttled_periods_total";

/// Collects the samples of some Pods.
#[derive(Debug)]
pub(super) struct Quotas<'a> {
    namespace: &'a str,
    /// UID by name.
    pods: BTreeMap<&'a str, &'a str>,
    /// By Pod and container.
    samples: BTreeMap<(String, String), v1::Usage>,
}

impl<'a> Quotas<'a> {
    /// Of these Pods of a namespace, as name and UID.
    pub(super) fn of(namespace: &'a str, pods: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            namespace,
            pods: pods.into_iter().collect(),
            samples: BTreeMap::new(),
        }
    }

    /// Takes in a line.
    pub(super) fn read(&mut self, text: &str) {
        if !text.starts_with(PERIODS) && !text.starts_with(THROTTLED) {
            return;
        }
        let Some(Line::Sample(sample)) = line(text) else { return };
        let (pod, container) = (sample.label("pod"), sample.label("container"));
        let Some(uid) = self.pods.get(pod) else { return };
        // Without a container it is the Pod as a whole, or its sandbox, which has an image.
        let is_sandbox = container.is_empty() && !sample.label("image").is_empty();
        if sample.label("namespace") != self.namespace || is_sandbox {
            return;
        }
        // Milliseconds. A sample without its time cannot be told from the one before.
        let Some(time) = sample.timestamp.and_then(whole) else {
            return;
        };
        let key = (pod.to_owned(), container.to_owned());
        let usage = self.samples.entry(key).or_insert_with(|| v1::Usage {
            source: Some(v1::Source {
                pod: pod.to_owned(),
                pod_uid: (*uid).to_owned(),
                container: container.to_owned(),
                ..v1::Source::default()
            }),
            ..v1::Usage::default()
        });
        usage.time_nanos = usage.time_nanos.max(time.saturating_mul(1_000_000));
        let count = whole(sample.value).and_then(|count| u64::try_from(count).ok());
        match sample.name {
            PERIODS => usage.cpu_periods = count,
            THROTTLED => usage.cpu_throttled_periods = count,
            _ => {}
        }
    }

    /// What was collected.
    pub(super) fn samples(self) -> impl Iterator<Item = v1::Usage> {
        self.samples.into_values()
    }
}

/// A whole number that was written as another one.
fn whole(value: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it saturates, and no counter is that large"
    )]
    let whole = value as i64;
    value.is_finite().then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a kubelet 1.34 writes it, shortened.
    const ANSWER: &str = r#"# HELP cadvisor_version_info A metric with a constant '1' value.
# TYPE cadvisor_version_info gauge
cadvisor_version_info{cadvisorRevision="",kernelVersion="6.1"} 1
# TYPE container_cpu_cfs_periods_total counter
container_cpu_cfs_periods_total{container="",id="/kubepods/pod1",image="",name="",namespace="n",pod="p"} 900 1767225603000
container_cpu_cfs_periods_total{container="",id="/kubepods/pod1/s",image="pause",name="s",namespace="n",pod="p"} 7 1767225603000
container_cpu_cfs_periods_total{container="app",id="/kubepods/pod1/a",image="i",name="a",namespace="n",pod="p"} 1.2e+03 1767225602500
container_cpu_cfs_periods_total{container="app",id="/kubepods/pod2/a",image="i",name="b",namespace="other",pod="p"} 5 1767225602500
container_cpu_cfs_periods_total{container="app",id="/kubepods/pod3/a",image="i",name="c",namespace="n",pod="q"} 5 1767225602500
container_cpu_cfs_throttled_periods_total{container="app",id="/kubepods/pod1/a",image="i",name="a",namespace="n",pod="p"} 300 1767225602500
container_cpu_cfs_throttled_seconds_total{container="app",id="/kubepods/pod1/a",image="i",name="a",namespace="n",pod="p"} 9.5 1767225602500
"#;

    #[test]
    fn only_quotas_of_our_own_pods_and_containers_are_kept() {
        let mut quotas = Quotas::of("n", [("p", "u")]);
        ANSWER.lines().for_each(|line| quotas.read(line));
        let samples: Vec<_> = quotas.samples().collect();
        let [whole, usage] = &samples[..] else {
            panic!("{samples:?}")
        };
        assert_eq!((whole.cpu_periods, whole.cpu_throttled_periods), (Some(900), None));
        assert_eq!(
            (usage.cpu_periods, usage.cpu_throttled_periods),
            (Some(1200), Some(300))
        );
        assert_eq!(usage.time_nanos, 1_767_225_602_500_000_000);
        let source = usage.source.as_ref().unwrap();
        assert_eq!((source.pod_uid.as_str(), source.container.as_str()), ("u", "app"));
    }
}
