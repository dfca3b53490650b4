//! How bad lines sound.

use super::*;

fn of(line: &str) -> Severity {
    mask(line.as_bytes(), &Names::default()).severity
}

#[test]
fn severities() {
    assert_eq!(
        of("bind() to 0.0.0.0:80 failed (13: Permission denied)"),
        Severity::Hard
    );
    assert_eq!(of("2026/11/24 01:00:00 [emerg] 1#1: mkdir() failed"), Severity::Hard);
    assert_eq!(of("Error: This script must be run as root."), Severity::Hard);
    assert_eq!(
        of("chown: changing ownership of 'x': Operation not permitted"),
        Severity::Hard
    );
    assert_eq!(of("connection refused"), Severity::Soft);
    assert_eq!(of("3 errors found"), Severity::Soft);
    assert_eq!(of("java.lang.NullPointerException: x is null"), Severity::Soft);
    assert_eq!(of(r#"10.0.0.1 - - "GET / HTTP/1.1" 503 612"#), Severity::Soft);
    assert_eq!(of(r#"10.0.0.1 - - "GET / HTTP/1.1" 404 503"#), Severity::Plain);
    assert_eq!(of("done, 0 errors"), Severity::Plain);
    assert_eq!(of("terrorism and failover are words"), Severity::Plain);
    assert_eq!(
        of("[warn] the \"user\" directive makes sense only if super-user"),
        Severity::Warning
    );
}

#[test]
fn what_its_writer_calls_information_is_no_failure_unless_something_was_refused() {
    let told = "\"msg\":\"request failed\"";
    for level in ["\"info\"", "30", "\"DEBUG\""] {
        assert_eq!(
            of(&format!("{{\"level\":{level},{told}}}")),
            Severity::Warning,
            "{level}"
        );
    }
    assert_eq!(of(&format!("{{\"level\":50,{told}}}")), Severity::Soft);
    assert_eq!(of("ERROR cannot load, log level: info"), Severity::Soft);
    assert_eq!(of("backup failed level=5"), Severity::Soft);
    assert_eq!(of("level=info msg=\"open x: permission denied\""), Severity::Hard);
    assert_eq!(of("level=info msg=\"GET / answered\" status=500"), Severity::Soft);
}

#[test]
fn a_level_that_is_raised_is_heard_in_every_format() {
    use Severity::{Hard, Plain, Soft, Warning};
    let ladder = |lines: &[(&str, Severity)]| {
        for (line, severity) in lines {
            assert_eq!(of(line), *severity, "{line}");
        }
    };
    ladder(&[
        ("12:M 23 Nov 2026 18:36:49.440 * Ready to accept", Plain),
        ("12:M 23 Nov 2026 18:36:49.440 - Ready to accept", Plain),
        ("12:M 23 Nov 2026 18:36:49.440 # Ready to accept", Warning),
    ]);
    ladder(&[
        ("I1124 01:00:00.1 1 main.go:7] sync", Plain),
        ("W1124 01:00:00.1 1 main.go:7] retrying", Warning),
        ("E1124 01:00:00.1 1 main.go:7] sync", Soft),
        ("F20261124 01:00:00.1 1 main.go:7] sync", Hard),
    ]);
    ladder(&[
        ("<14>up", Plain),
        ("<12>up", Warning),
        ("<11>up", Soft),
        ("<8>up", Hard),
    ]);
    ladder(&[
        ("ts=1 level=info msg=\"flag is deprecated\"", Warning),
        ("ts=1 level=warn msg=up", Warning),
        ("ts=1 level=error msg=\"flag is deprecated\"", Soft),
        ("ts=1 lvl=crit msg=up", Soft),
        ("ts=1 level=panic msg=up", Hard),
    ]);
    ladder(&[
        (r#"{"level":30,"msg":"up"}"#, Plain),
        (r#"{"level":40,"msg":"up"}"#, Warning),
        (r#"{"level":50,"msg":"up"}"#, Soft),
        (r#"{"level":60,"msg":"up"}"#, Hard),
        (r#"{"severity":"ERROR","message":"up"}"#, Soft),
    ]);
    ladder(&[
        ("2026-11-24 01:00:00.1 UTC [13] LOG:  up", Plain),
        ("2026-11-24 01:00:00.1 UTC [13] WARNING:  up", Warning),
        ("2026-11-24 01:00:00.1 UTC [13] ERROR:  up", Soft),
        ("2026-11-24 01:00:00.1 UTC [13] FATAL:  up", Hard),
    ]);
    ladder(&[
        ("2026-11-24 01:00:00,1 - shop - INFO - up", Plain),
        ("2026-11-24 01:00:00,1 - shop - WARNING - up", Warning),
        ("2026-11-24 01:00:00,1 - shop - CRITICAL - up", Soft),
        ("24-Nov-2026 01:00:00 SEVERE [main] up", Soft),
        ("[7] 2026/11/24 01:00:00.1 [WRN] up", Warning),
        ("[7] 2026/11/24 01:00:00.1 [FTL] up", Hard),
        ("11-24 01:00:00.1  7  9 E Tag: up", Soft),
    ]);
}

#[test]
fn what_is_said_in_a_long_quoted_string_is_heard() {
    let line = r#"open of "/srv/shop/data/with/a/long/path/to/it: Permission denied, and more of it" ended"#;
    assert_eq!(of(line), Severity::Hard);
}

#[test]
fn codes_of_errors_tell_as_much_as_their_words() {
    for (line, severity) in [
        ("asker: getaddrinfo EAI_AGAIN peer.field.svc", Severity::Hard),
        (
            "[warn] [function:failed] RequestError: getaddrinfo EAI_AGAIN peer",
            Severity::Hard,
        ),
        ("open: EACCES", Severity::Hard),
        ("dial tcp: lookup peer: no such host", Severity::Soft),
        ("connect ECONNREFUSED 10.0.0.1:80", Severity::Soft),
        ("GET /socket.io/?EIO=4&transport=polling", Severity::Plain),
        ("loading plugin id=io.containerd.snapshotter.v1.erofs", Severity::Plain),
    ] {
        assert_eq!(of(line), severity, "{line}");
    }
}
