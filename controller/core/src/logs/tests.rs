//! Examples of each kind of value and format, and laws.

mod formats;
mod group;
mod laws;
mod severities;

use super::*;

fn template(line: &str) -> String {
    mask(line.as_bytes(), &Names::of_clone("temper-web-1-all")).template
}

fn check(line: &str, expect: &str) {
    assert_eq!(template(line), expect, "{line}");
}

/// Lines that are one message.
fn alike(lines: &[&str]) {
    for line in lines {
        assert_eq!(template(line), template(lines[0]), "{line}");
    }
}

#[test]
fn what_varies_is_masked() {
    check(
        "[2026-11-24T00:01:02+00:00] wrote record 17",
        "[<ts>] wrote record <num>",
    );
    check(
        "2026/11/24 01:02:03 [notice] 7#7: start worker process 12",
        "<ts> [notice] <num>#<num>: start worker process <num>",
    );
    check(
        "conn 10.244.0.7:41234 closed after 1.5ms, 12KiB",
        "conn <ip> closed after <duration>, <size>",
    );
    check(
        "request 0b5f6c1e-1111-2222-3333-444455556666 by worker3",
        "request <uuid> by worker<num>",
    );
    check("commit 9f86d081884c7d65 at 0x7ffee", "commit <hex> at <hex>");
    check("\u{1b}[31mred\u{1b}[0m text\r", "red text");
    check("\u{1b}]0;a title\u{7}text   with\tblanks ", "text with blanks");
    check(
        "token V1StGXR8x5jd for v1.2.3 of x86",
        "token <id> for v<num> of x<num>",
    );
    check("took 1.5e-05 and -3 of 99.5%", "took <num> and <num> of <num>");
    check(
        "\"a string that is longer than forty bytes is a value\" it said",
        "\"<str>\" it said",
    );
}

#[test]
fn one_value_in_another_unit_or_of_another_length_is_one_message() {
    alike(&[
        "took 1m30.5s",
        "took 90ms",
        "took 3.295µs",
        "took 0s",
        "took 15d",
        "took 3 ms",
        "took 2 s",
    ]);
    alike(&["freed 12KiB", "freed 1.5 MB", "freed 3GB"]);
    alike(&["ids 1", "ids 1, 2, 3", "ids 1 2", "ids 17 18,19"]);
    alike(&["served 3", "served 31415926", "served 3.14"]);
    alike(&[
        "peer 10.0.0.1:80",
        "peer 255.1.2.3",
        "peer fe80::1%eth0",
        "peer ::1",
        "peer 10.0.0.0/24",
        "peer 00:1a:2b:3c:4d:5e",
    ]);
    alike(&["from [::1]:8080", "from [10.0.0.1]:8080"]);
}

#[test]
fn a_time_is_a_time_in_any_form() {
    alike(&[
        "2026-11-24T00:01:02Z up",
        "2026-11-24T00:01:02.123456789+01:00 up",
        "2026-11-24 00:01:02,123 up",
        "2026-11-24 00:01:02.123 UTC up",
        "2026-11-24 00:01:02.123 +0000 UTC m=+0.012 up",
        "2026/11/24 00:01:02 up",
        "24/Nov/2026:18:36:43 +0000 up",
        "24-Nov-2026 18:36:43 up",
        "24.11.2026 18:36:43 up",
        "Nov 24 18:36:43 up",
        "Nov  4 18:36:43 up",
        "Nov 24, 2026 6:36:43 PM up",
        "24 Nov 2026 18:36:53.276 up",
        "Tue Nov 24 18:36:53 2026 up",
        "Tue Nov 24 18:36:53 CET 2026 up",
        "Tue, 24 Nov 2026 18:36:53 GMT up",
        "20261124T183653Z up",
        "20261124-18:36:53:123 up",
        "17/06/09 20:10:40 up",
        "2005-06-03-15.42.50.675872 up",
        "18:36:53 up",
        "1795459048.161 up",
        "1795459048161 up",
    ]);
    check("12:M 23 Nov 2026 18:36:53.276 * Ready", "<num>:M <ts> * Ready");
    check("[10.30 16:49:06] open", "[<ts>] open");
    check(
        "I1124 00:01:02.123456       1 main.go:17] up",
        "I<ts> <num> main.go:<num>] up",
    );
    check("port 8080:80 of 2026 and 12:30", "port <num> of <num> and <num>");
}

#[test]
fn names_of_the_clone_are_masked_and_other_names_are_not() {
    check(
        "pod web-7d9f8b6c5d-x2x4z of temper-web-1-all",
        "pod web-<id>-<id> of <namespace>",
    );
    check("dial db.temper-web-1-all.svc:5432", "dial db.<namespace>.svc:<num>");
    let names = Names::of_clone("temper-web").in_pod("web-bcdfghjklm-xkcdq");
    assert_eq!(
        mask(b"host web-bcdfghjklm-xkcdq of temper-web", &names).template,
        "host <pod> of <namespace>"
    );
    assert_eq!(
        mask(b"the web is up", &Names::default().in_pod("web")).template,
        "the web is up"
    );
}

#[test]
fn what_tells_good_from_bad_is_kept() {
    check(
        r#"10.0.0.1 - - "GET / HTTP/1.1" 500 612"#,
        r#"<ip> - - "GET / HTTP/<num>" 500 <num>"#,
    );
    check(
        "GET /orders/17 503 12.3 ms - 17",
        "GET /orders/<num> 503 <duration> - <num>",
    );
    check("HTTP/1.1 502 Bad Gateway", "HTTP/<num> 502 Bad Gateway");
    check("sent 17 bytes: 409 Conflict", "sent <num> bytes: 409 Conflict");
    check("sent 409 Things", "sent <num> Things");
    check("| 500 | 1.2ms | ::1 |", "| 500 | <duration> | <ip> |");
    check("child exited with code 3", "child exited with code 3");
    check("exited on signal 11 (core dumped)", "exited on signal 11 (core dumped)");
    check("[Errno 13] no", "[Errno 13] no");
    check("open() failed (2: No such file)", "open() failed (2: No such file)");
    check(
        "exit status 1, exitCode: 2, error_code=17",
        "exit status 1, exitCode: 2, error_code=17",
    );
    check("code=exited, status=1/FAILURE", "code=exited, status=1/FAILURE");
    check("it returned -1", "it returned -1");
    check("it returned 17 rows", "it returned <num> rows");
    check("HRESULT code 0x80070005", "HRESULT code 0x80070005");
    check("done with 0 errors and 0 files", "done with 0 errors and <num> files");
    check("<3>disk lost", "<3>disk lost");
}

#[test]
fn a_line_that_goes_on_with_another() {
    for line in [
        "    at com.example.Shop.main(Shop.java:17)",
        "\tframe",
        "at main",
        "Caused by: x",
        "... 12 more",
        "goroutine 17 [running]:",
    ] {
        assert!(is_continuation(line.as_bytes()), "{line}");
    }
    for line in [
        "attached",
        "Traceback (most recent call last):",
        "panic: x",
        "goroutine pool is up",
        "",
    ] {
        assert!(!is_continuation(line.as_bytes()), "{line}");
    }
}

#[test]
fn every_word_that_tells_is_seen_at_a_glance() {
    for word in [
        "status", "code", "errno", "exit", "exited", "signal", "returned", "rc", "STATUS", "exitCode",
    ] {
        check(&format!("it has {word} 17"), &format!("it has {word} 17"));
    }
    for key in [
        "level",
        "lvl",
        "severity",
        "loglevel",
        "log_level",
        "levelname",
        "log.level",
        "@l",
        "priority",
    ] {
        check(
            &format!("{{\"{key}\":50,\"z\":1}}"),
            &format!("{{\"{key}\":50,\"z\":<num>}}"),
        );
    }
}
