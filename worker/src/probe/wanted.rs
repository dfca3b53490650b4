//! The functional probes that the check names.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use temper_proto::v1::{self, ProbeMode};

/// One probe.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    period_seconds: u32,
    timeout_seconds: u32,
    #[serde(flatten)]
    pub(crate) ask: Ask,
}

/// When it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Mode {
    Start,
    Continuous,
    End,
}

/// How it is tried.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Ask {
    Http(Http),
    Tcp(Tcp),
    Exec(Exec),
    /// By the Job of the clone that has its name.
    Job(IgnoredAny),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) scheme: Scheme,
    pub(crate) service: Option<String>,
    pub(crate) host: Option<String>,
    #[serde(default)]
    pub(crate) headers: Vec<Header>,
    pub(crate) expect_status: Option<u16>,
    pub(crate) expect_body: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tcp {
    pub(crate) port: u16,
    pub(crate) service: Option<String>,
    pub(crate) send: Option<String>,
    pub(crate) expect: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exec {
    pub(crate) container: Option<String>,
    pub(crate) command: Vec<String>,
}

impl Wanted {
    /// A try of it that ended at this time.
    pub(crate) fn asked(&self, time_nanos: i64) -> v1::Probe {
        v1::Probe {
            name: self.name.clone(),
            mode: ProbeMode::from(self.mode).into(),
            time_nanos,
            ..v1::Probe::default()
        }
    }

    /// How long one try may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    /// Between two tries, so that a recording of this length has at most `tries` of them.
    pub(crate) fn period(&self, recording: Duration, tries: u32) -> Duration {
        let period = Duration::from_secs(self.period_seconds.max(1).into());
        period.max(recording / tries.max(1))
    }

    /// The Service that is asked instead of each Pod.
    pub(crate) fn service(&self) -> Option<&str> {
        match &self.ask {
            Ask::Http(http) => http.service.as_deref(),
            Ask::Tcp(tcp) => tcp.service.as_deref(),
            Ask::Exec(_) | Ask::Job(_) => None,
        }
    }
}

impl From<Mode> for ProbeMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Start => Self::Start,
            Mode::Continuous => Self::Continuous,
            Mode::End => Self::End,
        }
    }
}

/// All that the check names, as JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProbeList(pub(crate) Vec<Wanted>);

impl FromStr for ProbeList {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(ask: &str) -> Result<ProbeList, serde_json::Error> {
        format!(r#"[{{"name":"a","mode":"Continuous","periodSeconds":5,"timeoutSeconds":2,{ask}}}]"#).parse()
    }

    #[test]
    fn every_kind_is_read() {
        let http =
            r#""http":{"port":80,"path":"/","scheme":"Https","headers":[{"name":"a","value":"b"}],"expectStatus":204}"#;
        assert!(matches!(
            &parse(http).unwrap().0[0].ask,
            Ask::Http(Http {
                expect_status: Some(204),
                ..
            })
        ));
        let tcp = parse(r#""tcp":{"port":6379,"service":"redis","send":"PING\r\n","expect":"PONG"}"#).unwrap();
        assert_eq!(tcp.0[0].service(), Some("redis"));
        assert!(matches!(
            &parse(r#""exec":{"command":["true"]}"#).unwrap().0[0].ask,
            Ask::Exec(_)
        ));
        assert!(matches!(
            &parse(r#""job":{"template":{}}"#).unwrap().0[0].ask,
            Ask::Job(_)
        ));
        assert!(parse(r#""grpc":{"port":1}"#).is_err());
        assert!(parse(r#""tcp":{"prot":1}"#).is_err());
    }

    #[test]
    fn a_long_recording_has_no_more_tries_than_a_short_one() {
        let probe = parse(r#""exec":{"command":["true"]}"#).unwrap().0.remove(0);
        assert_eq!(probe.period(Duration::from_mins(1), 256), Duration::from_secs(5));
        assert_eq!(
            probe.period(Duration::from_hours(24), 256),
            Duration::from_millis(337_500)
        );
    }
}
