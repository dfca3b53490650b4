use proptest::prelude::*;

use super::*;

fn check(line: &str, expect: &str) {
    assert_eq!(
        mask(line.as_bytes(), &Names::of_clone("temper-web-1-all")).template,
        expect,
        "{line}"
    );
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
    check(
        "pod web-7d9f8b6c5d-x2x4z of temper-web-1-all",
        "pod web-<id>-<id> of <namespace>",
    );
    check("took 1m30.5s", "took <duration>");
    check("23/Nov/2026:18:36:43 +0000", "<ts> <num>");
    check(
        "12:M 23 Nov 2026 18:36:53.276 * Ready",
        "<num>:M <num> <ts> <num> <ts> * Ready",
    );
    check("\u{1b}[31mred\u{1b}[0m text\r", "red text");
}

#[test]
fn a_pods_own_name_is_masked_even_if_it_looks_like_words() {
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
        r#"<ip> - - "GET / HTTP/<num>.<num>" 500 <num>"#,
    );
    check("child exited with code 3", "child exited with code 3");
    check(
        r#"{"level":"error","status":503,"took":17}"#,
        r#"{"level":"error","status":503,"took":<num>}"#,
    );
    check("level=info status=404 size=12", "level=info status=404 size=<num>");
}

#[test]
fn severities() {
    let of = |line: &str| mask(line.as_bytes(), &Names::default()).severity;
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
    assert_eq!(of("E1124 01:00:00.1 1 main.go:7] cannot sync"), Severity::Soft);
    assert_eq!(of("W1124 01:00:00.1 1 main.go:7] retrying"), Severity::Warning);
    assert_eq!(of(r#"10.0.0.1 - - "GET / HTTP/1.1" 503 612"#), Severity::Soft);
    assert_eq!(of(r#"10.0.0.1 - - "GET / HTTP/1.1" 404 503"#), Severity::Plain);
    assert_eq!(of("done, 0 errors"), Severity::Plain);
    assert_eq!(of("terrorism and failover are words"), Severity::Plain);
    assert_eq!(
        of("[warn] the \"user\" directive makes sense only if super-user"),
        Severity::Warning
    );
}

proptest! {
    #[test]
    fn any_bytes_have_a_template(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let names = Names::default();
        prop_assert_eq!(mask(&bytes, &names), mask(&bytes, &names));
    }

    #[test]
    fn numbers_make_no_difference(a in 0_u32..1_000_000, b in 0_u32..1_000_000) {
        let line = |n: u32| mask(format!("served {n} requests to client-{n}").as_bytes(), &Names::default()).template;
        // An id of five and more characters is another kind of part than a short number.
        prop_assume!((a > 9999) == (b > 9999));
        prop_assert_eq!(line(a), line(b));
    }
}
