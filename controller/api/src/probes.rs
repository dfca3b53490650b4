//! Functional probes: what the user asks of the workload in every run to learn whether it still does what it is for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::schema;

/// One check of the user's own, run alike against every clone. What it is, exactly one of its fields says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [one_kind()]))]
pub struct Probe {
    /// Name, by which findings tell of it: lower case letters, digits and `-`.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// When in a recording it is tried.
    #[serde(default)]
    pub mode: ProbeMode,
    /// Seconds between two tries of a Continuous probe. A recording is spread over at most 256 tries of each.
    #[serde(default = "default_period")]
    #[schemars(range(min = 1, max = 3600))]
    pub period_seconds: u32,
    /// Seconds that one try may take: 5 where nothing else is said, 60 for a Job, whose Pods must start first. A
    /// Continuous Job may take as long as the recording does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub timeout_seconds: Option<u32>,
    /// A request by HTTP, made by Temper itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpProbe>,
    /// A connection by TCP, made by Temper itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpProbe>,
    /// A command in a container of the workload, which passes with exit code 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecProbe>,
    /// A Job in the clone, which drives it or asks something of it, and passes if it does not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobProbe>,
}

impl Probe {
    /// Seconds that one try may take.
    pub fn timeout_seconds(&self) -> u32 {
        self.timeout_seconds
            .unwrap_or_else(|| if self.job.is_some() { 60 } else { 5 })
    }
}

/// When in a recording a probe is tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProbeMode {
    /// Once the workload is Ready, until it passes, for half a minute at most. A Job: once.
    Start,
    /// Over and over; it fails if more than half of its tries do. A Job: from Ready to the end of the recording, and it
    /// may end before.
    #[default]
    Continuous,
    /// When the recording would end, which waits for it: what it finds is the last word.
    End,
}

/// A request. It passes with the wanted status and body; as for kubelets, a certificate is not verified and no redirect
/// is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpProbe {
    /// Number of the port.
    #[schemars(range(min = 1, max = 65_535))]
    pub port: u16,
    /// Path, with a query if it needs one.
    #[serde(default = "default_path")]
    #[schemars(length(max = 256), regex(pattern = r"^/[!-~]*$"))]
    pub path: String,
    /// Scheme.
    #[serde(default)]
    pub scheme: Scheme,
    /// Service of the clone to ask; by default each Pod of the workload is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub service: Option<String>,
    /// Value of the header Host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[A-Za-z0-9._:\[\]-]+$"))]
    pub host: Option<String>,
    /// Further headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub headers: Vec<Header>,
    /// The only status that passes; by default all from 200 to 399 do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub expect_status: Option<u16>,
    /// Text that the first mebibyte of the answer must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub expect_body: Option<String>,
}

/// How to speak HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scheme {
    /// In the clear.
    #[default]
    Http,
    /// By TLS.
    Https,
}

/// A header of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// Name.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9-]+$"))]
    pub name: String,
    /// Value.
    #[schemars(length(max = 1024), regex(pattern = r"^[ -~]*$"))]
    pub value: String,
}

/// A connection. It passes once it is open, or once what it hears holds the wanted text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TcpProbe {
    /// Number of the port.
    #[schemars(range(min = 1, max = 65_535))]
    pub port: u16,
    /// Service of the clone to ask; by default each Pod of the workload is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub service: Option<String>,
    /// Text to say first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub send: Option<String>,
    /// Text that the first mebibyte of the answer must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub expect: Option<String>,
}

/// A command in each Pod of the workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExecProbe {
    /// Container; by default the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub container: Option<String>,
    /// Program and arguments. No shell, unless it is one.
    #[schemars(length(min = 1, max = 32), inner(length(max = 4096)))]
    pub command: Vec<String>,
}

/// A Job in the clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobProbe {
    /// As `spec.jobTemplate` of a CronJob. Its Pods run once, know the run by `TEMPER_RUN` and the check by
    /// `TEMPER_CHECK`, and reach the clone's Services by their names.
    #[schemars(schema_with = "schema::any_object")]
    pub template: Value,
}

fn default_period() -> u32 {
    5
}

fn default_path() -> String {
    "/".to_owned()
}

fn one_kind() -> Value {
    let kinds = "[has(self.http), has(self.tcp), has(self.exec), has(self.job)].filter(kind, kind).size()";
    json!({
        "rule": format!("{kinds} == 1"),
        // Of texts whose length is known only: others cost more than the API server allows.
        "messageExpression": format!(
            "'spec.probes: `' + self.name + '` has ' + ({kinds} == 0 ? 'none' : 'more than one') + ' of http, tcp, exec and job: give it exactly one'"
        ),
        "message": "spec.probes: give each probe exactly one of http, tcp, exec and job"
    })
}

/// The rule that probes are told apart by their names, beside the one of the list that names the culprit.
pub(crate) fn distinct() -> Value {
    json!({
        "rule": "self.all(a, self.exists_one(b, b.name == a.name))",
        "message": "spec.probes: a name is given more than once: give each probe its own"
    })
}
