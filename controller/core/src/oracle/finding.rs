//! Evidence as data, and in words.

use strum::{Display, IntoStaticStr};

use crate::logs::{Names, Severity, mask};

/// What an experiment showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The workload works.
    Passed,
    /// It works and says something new.
    Warned,
    /// It does not work.
    Failed,
    /// What was recorded does not decide it.
    Inconclusive,
}

/// An outcome and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// The evidence, the cause first.
    pub findings: Vec<Finding>,
}

/// A message that comes so often comes of no chance.
const OFTEN: u64 = 10;

impl Verdict {
    /// Whether all that fails the run may come of chance, so that the same is run again before it counts: one message that is
    /// new and told a few times, or that is told more or less often, and no refusal.
    pub fn is_slight(&self) -> bool {
        let mut failing = self.findings.iter().filter(|finding| finding.weight == Weight::Fail);
        let only = failing.next().filter(|_| failing.next().is_none());
        only.is_some_and(|finding| {
            let may_be_chance = match finding.rule {
                Rule::NewMessage | Rule::LevelRaised => finding.count < OFTEN,
                Rule::MoreComplaints | Rule::Flood | Rule::MissingMessage | Rule::RarerMessage => true,
                _ => false,
            };
            let line = finding.example.as_deref().unwrap_or_default();
            may_be_chance && mask(line.as_bytes(), &Names::default()).severity < Severity::Hard
        })
    }
}

/// Which oracle found something. The text is its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Display, IntoStaticStr)]
pub enum Oracle {
    /// Exits, restarts, rejections.
    #[strum(serialize = "TC-01")]
    Stability,
    /// Ready at all, and all the time.
    #[strum(serialize = "TC-02")]
    Readiness,
    /// Messages.
    #[strum(serialize = "TC-03")]
    Logs,
    /// CPU, memory, network and disk.
    #[strum(serialize = "TC-04")]
    Resources,
    /// Functional probes.
    #[strum(serialize = "TC-05")]
    Probes,
    /// What the workload counts itself.
    #[strum(serialize = "TC-06")]
    Metrics,
}

/// Which rule of an oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Display, IntoStaticStr)]
pub enum Rule {
    /// A container ended with a code other than 0.
    Exited,
    /// A container was ended by the kernel for its memory.
    OutOfMemory,
    /// A container restarted more often than in any baseline.
    Restarted,
    /// A kubelet cannot or will not start a container.
    ContainerRejected,
    /// The API server or the kubelet refuses the Pod.
    PodRejected,
    /// A Pod was evicted.
    Evicted,
    /// Not Ready in time.
    NeverReady,
    /// Ready, and then not.
    ReadinessLost,
    /// Ready much later than the baselines.
    SlowStart,
    /// It took much longer than the baselines to run to its end.
    SlowRun,
    /// It had not run to its end when the recording did, long after the baselines had.
    NeverEnded,
    /// No node had room for the Pod.
    Unschedulable,
    /// The image could not be pulled.
    ImageNotPulled,
    /// The recording ended before its time.
    Interrupted,
    /// Part of the recording is missing.
    EvidenceLost,
    /// A message that no baseline has.
    NewMessage,
    /// A message that the baselines know, at a higher level.
    LevelRaised,
    /// A known complaint, far more often.
    MoreComplaints,
    /// A harmless message, far more often than the load explains.
    Flood,
    /// A message that every baseline has often, and the run never.
    MissingMessage,
    /// A message far less often.
    RarerMessage,
    /// Messages of the start-up that every baseline says, and the run does not.
    MissingMilestone,
    /// No message in the second half.
    Silence,
    /// A log that is all there is of the run, and much shorter than any baseline's.
    EarlyEnd,
    /// The start-up is told again, within one container instance.
    StartedAgain,
    /// Messages come in another order.
    Reordered,
    /// More kinds of messages than are told apart.
    TooManyMessages,
    /// CPU, memory, network or disk differ more than baselines do.
    ResourceShift,
    /// A container waited for CPU where no baseline does.
    Throttled,
    /// A functional probe fails that passes in every baseline.
    ProbeFailed,
    /// A functional probe that passes in every baseline was not tried.
    ProbeUntried,
    /// A functional probe fails in a baseline, and decides nothing.
    ProbeUseless,
    /// A port answers worse than in every baseline.
    PortAnswer,
    /// A metric of the workload differs more than in the baselines.
    MetricShift,
    /// A counter of errors rises where none does in any baseline.
    ErrorsCounted,
    /// Too little was measured to compare.
    NotDecidable,
}

/// How much a finding counts; the order is that of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Fails the run.
    Fail,
    /// Is listed with the recommendation.
    Warn,
    /// For information.
    Note,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who found it.
    pub oracle: Oracle,
    /// By which rule.
    pub rule: Rule,
    /// How much it counts.
    pub weight: Weight,
    /// Container that it is about.
    pub container: Option<String>,
    /// Pod that it is about.
    pub pod: Option<String>,
    /// The masked message, where it is about one.
    pub template: Option<String>,
    /// One line as it was logged.
    pub example: Option<String>,
    /// How often each baseline has it.
    pub baseline_counts: Vec<u64>,
    /// How often the run has it.
    pub count: u64,
    /// When, if it has a time.
    pub at_nanos: Option<i64>,
    /// Reason, exit code or measure, as its source gives it.
    pub detail: String,
}

impl Finding {
    /// A finding about nothing in particular yet.
    pub fn new(oracle: Oracle, rule: Rule, weight: Weight) -> Self {
        Self {
            oracle,
            rule,
            weight,
            container: None,
            pod: None,
            template: None,
            example: None,
            baseline_counts: Vec::new(),
            count: 0,
            at_nanos: None,
            detail: String::new(),
        }
    }

    /// One sentence for people.
    pub fn sentence(&self) -> String {
        let who = self
            .container
            .as_deref()
            .map_or_else(|| "the workload".to_owned(), |name| format!("container `{name}`"));
        let detail = &self.detail;
        let what = match self.rule {
            Rule::Exited => format!("{who} ended with {detail}"),
            Rule::OutOfMemory => format!("{who} was killed because it was out of memory"),
            Rule::Restarted => format!("{who} restarted {} times", self.count),
            Rule::ContainerRejected => format!("{who} was not started: {detail}"),
            Rule::PodRejected => format!("the Pod was rejected: {detail}"),
            Rule::Evicted => format!("the Pod was evicted: {detail}"),
            Rule::NeverReady => format!("{who} never became Ready"),
            Rule::ReadinessLost => format!("the Pod was Ready and then was not, {} times", self.count),
            Rule::SlowStart => format!("{who} was Ready {detail}"),
            Rule::SlowRun => format!("{who} ran to its end {detail}"),
            Rule::NeverEnded => format!("{who} did not run to its end {detail}"),
            Rule::Unschedulable => format!("no node had room for the Pod: {detail}"),
            Rule::ImageNotPulled => format!("the image of {who} could not be pulled: {detail}"),
            Rule::Interrupted => "the recording ended before its time".to_owned(),
            Rule::EvidenceLost => format!("part of the recording is missing: {detail}"),
            Rule::NewMessage => format!("{who} logged what no baseline did, {} times", self.count),
            Rule::LevelRaised => format!(
                "{who} logged at a higher level what the baselines do, {} times",
                self.count
            ),
            Rule::Flood => format!(
                "{who} logged {} times what the baselines did {:?} times",
                self.count, self.baseline_counts
            ),
            Rule::MissingMilestone => {
                format!("{who} did not say {detail} messages with which every baseline starts, the last of them")
            }
            Rule::EarlyEnd => format!("the log of {who} ends {detail}"),
            Rule::StartedAgain => format!("{who} began its start-up again"),
            Rule::Reordered => format!("{who} logged the messages of the baselines in another order, {detail}"),
            Rule::MoreComplaints => {
                format!(
                    "{who} complained {} times, the baselines {:?} times",
                    self.count, self.baseline_counts
                )
            }
            Rule::MissingMessage => format!(
                "{who} never logged what every baseline did ({:?} times)",
                self.baseline_counts
            ),
            Rule::RarerMessage => {
                format!(
                    "{who} logged {} times what the baselines did {:?} times",
                    self.count, self.baseline_counts
                )
            }
            Rule::Silence if self.count > 0 => format!(
                "{who} logged {} lines {detail}, the baselines at least {:?} in each",
                self.count, self.baseline_counts
            ),
            Rule::Silence => format!("{who} logged nothing {detail}, where every baseline did"),
            Rule::TooManyMessages => format!("{who} logged {} lines that could not be compared", self.count),
            Rule::ResourceShift => format!("{who} used {detail}"),
            Rule::Throttled => format!("{who} had to wait in {detail}"),
            Rule::ProbeFailed => format!("probe {detail}, and it passed in every baseline"),
            Rule::ProbeUntried => format!("probe {detail} was not tried, and it passed in every baseline"),
            Rule::ProbeUseless => format!("probe {detail}: it decides nothing"),
            Rule::PortAnswer => format!("{detail}, better in every baseline"),
            Rule::MetricShift => format!("{who} {detail}"),
            Rule::ErrorsCounted => format!("{who} counted {detail}"),
            Rule::NotDecidable if detail.is_empty() => "too little was measured to compare resources".to_owned(),
            Rule::NotDecidable => format!("of {who}, {detail}"),
        };
        match &self.example {
            Some(line) => format!("{what}: `{line}`"),
            None => what,
        }
    }
}
