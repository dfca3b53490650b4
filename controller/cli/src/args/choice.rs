//! The words that an option takes, and what they mean to the API.

use clap::ValueEnum;
use temper_api::{Dependencies, Egress, ResourceAdvice, RunMode, VerificationMode};

/// How `status` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusOutput {
    /// For people.
    Table,
    /// The WorkloadHardeningCheck.
    Json,
    /// The WorkloadHardeningCheck.
    Yaml,
}

/// How `judge` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JudgeOutput {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// How `explain` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainOutput {
    /// For people: a paragraph for each setting.
    Text,
    /// For programs.
    Json,
}

/// How `report` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportOutput {
    /// One self-contained page.
    Html,
    /// For a pull request.
    Markdown,
    /// For programs: `temper.dev/report/v1`.
    Json,
}

/// How `logs templates` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TemplatesOutput {
    /// An object per line of the log: `line`, `template_id`, `template`.
    Json,
}

/// Where clones may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EgressArg {
    /// Cluster DNS and the clone itself.
    Deny,
    /// Also the cluster's Pods and Services.
    ClusterOnly,
    /// Anywhere.
    Allow,
}

impl From<EgressArg> for Egress {
    fn from(arg: EgressArg) -> Self {
        match arg {
            EgressArg::Deny => Self::Deny,
            EgressArg::ClusterOnly => Self::ClusterOnly,
            EgressArg::Allow => Self::Allow,
        }
    }
}

/// Which neighbours are cloned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DependenciesArg {
    /// All workloads of the namespace.
    Namespace,
    /// The workload alone.
    None,
}

impl From<DependenciesArg> for Dependencies {
    fn from(arg: DependenciesArg) -> Self {
        match arg {
            DependenciesArg::Namespace => Self::Namespace,
            DependenciesArg::None => Self::None,
        }
    }
}

/// In which order runs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunModeArg {
    /// Everything at once, single settings only where that fails: the fewest runs.
    Adaptive,
    /// Every single setting from the first wave on: the least time where much fails.
    Parallel,
    /// One clone at a time: the least load.
    Sequential,
}

impl From<RunModeArg> for RunMode {
    fn from(arg: RunModeArg) -> Self {
        match arg {
            RunModeArg::Adaptive => Self::Adaptive,
            RunModeArg::Parallel => Self::Parallel,
            RunModeArg::Sequential => Self::Sequential,
        }
    }
}

/// How the recommendation as a whole is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerificationArg {
    /// The run that had the recommended settings, recorded in full, is the verification.
    Included,
    /// One more run of the same settings must pass.
    Independent,
}

impl From<VerificationArg> for VerificationMode {
    fn from(arg: VerificationArg) -> Self {
        match arg {
            VerificationArg::Included => Self::Included,
            VerificationArg::Independent => Self::Independent,
        }
    }
}

/// What is done about requests and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResourcesArg {
    /// Nothing.
    Off,
    /// Suggest them from what was recorded.
    Suggest,
    /// Run the recommendation once more with them; they are part of the patch if it works.
    Test,
}

impl From<ResourcesArg> for ResourceAdvice {
    fn from(arg: ResourcesArg) -> Self {
        match arg {
            ResourcesArg::Off => Self::Off,
            ResourcesArg::Suggest => Self::Suggest,
            ResourcesArg::Test => Self::Test,
        }
    }
}
