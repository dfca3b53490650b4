//! What the standard variables of OpenTelemetry ask for.

use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

/// An export takes no longer than this unless asked to: a reconcile waits for it.
const TIMEOUT: Duration = Duration::from_secs(2);

/// And never longer than this, which is OpenTelemetry's own default.
const MAX_TIMEOUT: Duration = Duration::from_secs(10);

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// Where they are posted to, path included.
    pub(super) endpoint: Uri,
    /// How long an export may take.
    pub(super) timeout: Duration,
    /// Certificate authorities in PEM, in place of the system's.
    pub(super) certificates: Option<PathBuf>,
    /// The service's name was chosen by a variable.
    pub(super) is_named: bool,
}

/// A variable that asks for what cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: `{value}` {mend}")]
pub(super) struct Unsupported {
    variable: &'static str,
    value: String,
    mend: &'static str,
}

/// Reads the variables; none if spans go nowhere. What is set but empty counts as unset.
pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Settings>, Unsupported> {
    let value = |name: &str| variable(name).filter(|value| !value.is_empty());
    // Those of traces go before those of all signals.
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, value(name)?)));
    if value("OTEL_SDK_DISABLED").is_some_and(|disabled| disabled.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let wanted = match value("OTEL_TRACES_EXPORTER") {
        None => false,
        Some(exporter) if exporter == "none" => return Ok(None),
        Some(exporter) if exporter == "otlp" => true,
        Some(exporter) => return unsupported("OTEL_TRACES_EXPORTER", exporter, "is not supported: use otlp or none"),
    };
    let endpoint = match (
        value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        value("OTEL_EXPORTER_OTLP_ENDPOINT"),
    ) {
        (Some(exact), _) => ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", exact),
        (None, Some(base)) => ("OTEL_EXPORTER_OTLP_ENDPOINT", below(&base)),
        (None, None) if wanted => ("OTEL_EXPORTER_OTLP_ENDPOINT", below("http://localhost:4318")),
        (None, None) => return Ok(None),
    };
    if let Some((name, protocol)) = first(["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"])
        && protocol != "http/protobuf"
    {
        let mend = "is not supported: use http/protobuf, which a collector takes at port 4318";
        return unsupported(name, protocol, mend);
    }
    if let Some((name, compression)) = first([
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        "OTEL_EXPORTER_OTLP_COMPRESSION",
    ]) && compression != "none"
    {
        return unsupported(name, compression, "is not supported: use none");
    }
    let timeout = match first(["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]) {
        None => TIMEOUT,
        Some((name, text)) => match text.parse() {
            Ok(millis) => Duration::from_millis(millis).min(MAX_TIMEOUT),
            Err(_) => return unsupported(name, text, "is not a number of milliseconds"),
        },
    };
    let certificates = first([
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
    ]);
    let attributes = value("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    Ok(Some(Settings {
        endpoint: address(endpoint)?,
        timeout,
        certificates: certificates.map(|(_, path)| path.into()),
        is_named: value("OTEL_SERVICE_NAME").is_some() || attributes.split(',').any(names_service),
    }))
}

/// The path of traces below the endpoint of all signals.
fn below(base: &str) -> String {
    format!("{}/v1/traces", base.trim_end_matches('/'))
}

fn address((variable, text): (&'static str, String)) -> Result<Uri, Unsupported> {
    match text.parse::<Uri>() {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => Ok(uri),
        _ => unsupported(
            variable,
            text,
            "is not a URL: write it like http://otel-collector.monitoring.svc:4318",
        ),
    }
}

fn names_service(attribute: &str) -> bool {
    attribute
        .split_once('=')
        .is_some_and(|(key, _)| key.trim() == "service.name")
}

fn unsupported<T>(variable: &'static str, value: String, mend: &'static str) -> Result<T, Unsupported> {
    Err(Unsupported { variable, value, mend })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        read(variable).map_err(|error| error.to_string())
    }

    fn endpoint(variables: &[(&str, &str)]) -> Option<String> {
        of(variables).unwrap().map(|settings| settings.endpoint.to_string())
    }

    #[test]
    fn nothing_set_means_nothing_sent() {
        let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
        assert_eq!(endpoint(&[]), None);
        assert_eq!(endpoint(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), None);
        assert_eq!(endpoint(&[collector, ("OTEL_SDK_DISABLED", "true")]), None);
        assert_eq!(endpoint(&[collector, ("OTEL_TRACES_EXPORTER", "none")]), None);
        // Off is off, whatever else is wrong.
        assert_eq!(
            endpoint(&[("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "zipkin")]),
            None
        );
    }

    #[test]
    fn the_endpoint_of_all_signals_gets_the_path_of_traces() {
        let base = |base| endpoint(&[("OTEL_EXPORTER_OTLP_ENDPOINT", base)]);
        assert_eq!(base("http://c:4318").as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(base("https://c/otlp/").as_deref(), Some("https://c/otlp/v1/traces"));
        let exact = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:4318/in");
        let both = [exact, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")];
        assert_eq!(endpoint(&both).as_deref(), Some("http://t:4318/in"));
        let asked = endpoint(&[("OTEL_TRACES_EXPORTER", "otlp")]);
        assert_eq!(asked.as_deref(), Some("http://localhost:4318/v1/traces"));
    }

    #[test]
    fn what_cannot_be_done_is_said_with_its_mend() {
        let with = |name, value| of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"), (name, value)]).unwrap_err();
        assert_eq!(
            with("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            "OTEL_EXPORTER_OTLP_PROTOCOL: `grpc` is not supported: use http/protobuf, which a collector takes at port 4318"
        );
        assert_eq!(
            with("OTEL_TRACES_EXPORTER", "zipkin"),
            "OTEL_TRACES_EXPORTER: `zipkin` is not supported: use otlp or none"
        );
        assert_eq!(
            with("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318"),
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `collector:4318` is not a URL: write it like \
             http://otel-collector.monitoring.svc:4318"
        );
        assert!(with("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip").contains("use none"));
        assert!(with("OTEL_EXPORTER_OTLP_TIMEOUT", "2s").contains("milliseconds"));
    }

    #[test]
    fn an_export_is_short() {
        let timeout = |more: &[(&str, &str)]| {
            let all = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")], more].concat();
            of(&all).unwrap().map(|settings| settings.timeout.as_millis())
        };
        assert_eq!(timeout(&[]), Some(2_000));
        assert_eq!(timeout(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "500")]), Some(500));
        let both = [
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "60000"),
        ];
        assert_eq!(timeout(&both), Some(10_000));
    }

    #[test]
    fn a_name_of_the_users_is_kept() {
        let named = |more| {
            of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"), more])
                .unwrap()
                .unwrap()
                .is_named
        };
        assert!(named(("OTEL_SERVICE_NAME", "hardening")));
        assert!(named(("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=hardening")));
        assert!(!named(("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=hardening")));
    }
}
