use proptest::prelude::*;

use super::*;

fn redactor(secrets: &[&[u8]]) -> Redactor {
    Redactor::new(secrets.iter().copied()).unwrap()
}

fn clean(text: &str) -> String {
    redactor(&[]).redact_text(text)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[test]
fn every_form_of_a_value_is_masked() {
    let redactor = redactor(&[b"s3cr\"t/pa ss\n", b"line-one-of-a-file\nline-two-of-a-file\n"]);
    for (text, want) in [
        ("using s3cr\"t/pa ss now", "using [redacted] now"),
        ("b64 czNjciJ0L3BhIHNz.", "b64 [redacted]."),
        (r#"{"pw2":"s3cr\"t/pa ss"}"#, r#"{"pw2":"[redacted]"}"#),
        ("db?x=s3cr%22t%2Fpa%20ss&y", "db?x=[redacted]&y"),
        ("  line-two-of-a-file", "  [redacted]"),
    ] {
        assert_eq!(redactor.redact_text(text), want);
    }
}

#[test]
fn strings_inside_a_json_value_are_masked() {
    let secret = br#"{"auths":{"r.example":{"password":"registry-pass"}}}"#;
    assert_eq!(
        redactor(&[secret]).redact_text("login registry-pass ok"),
        "login [redacted] ok"
    );
}

#[test]
fn values_that_overlap_are_both_masked() {
    let redactor = redactor(&[b"abcdefgh", b"efghijkl"]);
    assert_eq!(redactor.redact_text("xabcdefghijklx"), "x[redacted]x");
}

#[test]
fn a_value_that_the_mask_contains_ends() {
    let redactor = redactor(&[b"redacted", b"[redacted]"]);
    assert_eq!(redactor.redact_text("was redacted here"), "was redacted here");
}

#[test]
fn patterns_are_masked_wherever_they_come_from() {
    for (text, want) in [
        (
            "Authorization: Bearer abc123.DEF_456",
            "Authorization: Bearer [redacted]",
        ),
        (
            "Authorization: Basic dXNlcjpwYXNzd29yZA==",
            "Authorization: Basic [redacted]",
        ),
        ("got eyJhbGciOiJI.eyJzdWIiOiIx.c2ln for x", "got [redacted] for x"),
        ("password=hunter2, user=bob", "password=[redacted], user=bob"),
        ("PASSWORD: hunter2", "PASSWORD: [redacted]"),
        ("MYSQL_ROOT_PASSWORD=a", "MYSQL_ROOT_PASSWORD=[redacted]"),
        (
            r#"{"client_secret": "x y\"z", "a": 1}"#,
            r#"{"client_secret": "[redacted]", "a": 1}"#,
        ),
        (
            r#"{"m":"{\"token\":\"abc\"}"}"#,
            r#"{"m":"{\"token\":\"[redacted]\"}"}"#,
        ),
        ("api_key='k1' api-key=k2", "api_key='[redacted]' api-key=[redacted]"),
        ("AWS_SECRET_ACCESS_KEY=wJalr", "AWS_SECRET_ACCESS_KEY=[redacted]"),
        ("secret_key=abc", "secret_key=[redacted]"),
        (
            "postgres://app:p@s=s:w@db:5432/x",
            "postgres://app:[redacted]@db:5432/x",
        ),
        (
            r#"{"k":"-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\n"}"#,
            r#"{"k":"[redacted]\n"}"#,
        ),
    ] {
        assert_eq!(clean(text), want);
    }
}

#[test]
fn ordinary_lines_stay_as_they_are() {
    for text in [
        "Bearer authentication is required",
        "invalid token: unexpected end of file",
        "the secret is mounted at /run/secrets/db",
        "if password == null",
        "GET http://example.org:8080/a?b=c@d 200",
        "password authentication failed for user \"app\"",
        "-----BEGIN CERTIFICATE-----",
        "tokens: 3 left",
        "a: b = c",
        "",
    ] {
        assert_eq!(clean(text), text);
    }
}

#[test]
fn a_private_key_is_followed_across_lines() {
    let redactor = redactor(&[]);
    let mut lines = Lines::default();
    let log = [
        "start",
        "-----BEGIN PRIVATE KEY-----",
        "MIIE",
        "AAAA",
        "-----END PRIVATE KEY-----",
        "end",
    ];
    let mut seen = Vec::new();
    for line in log {
        let line = lines.redact(&redactor, line.as_bytes(), 99);
        seen.push(String::from_utf8(line.into_owned()).unwrap());
    }
    assert_eq!(
        seen,
        ["start", "[redacted]", "[redacted]", "[redacted]", "[redacted]", "end"]
    );
}

#[test]
fn a_key_without_an_end_does_not_swallow_the_log() {
    let mut lines = Lines::default();
    lines.advance(b"-----BEGIN RSA PRIVATE KEY-----");
    let swallowed = (0..1000).take_while(|_| lines.advance(b"line")).count();
    assert!(swallowed < 500);
}

#[test]
fn a_secret_across_the_cut_is_masked_whole() {
    let redactor = redactor(&[b"topsecret"]);
    assert_eq!(
        redactor.redact_cut(b"0123 topsecret 89", 8).as_ref(),
        b"0123 [redacted]"
    );
    assert_eq!(redactor.redact_cut(b"0123 topsecret 89", 5).as_ref(), b"0123 ");
}

fn secret() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 6..700).prop_filter("known as harmless", |value| {
        let trimmed = value.trim_ascii();
        trimmed.len() >= 6 && !contains(MASK, trimmed)
    })
}

proptest! {
    #[test]
    fn no_secret_survives(
        secrets in prop::collection::vec(secret(), 1..4),
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 5),
        limit in 0_usize..2000,
    ) {
        let all: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).collect();
        let redactor = redactor(&all);
        let mut text = Vec::new();
        for (secret, noise) in secrets.iter().zip(&noise) {
            text.extend_from_slice(noise);
            text.extend_from_slice(secret);
        }
        let whole = redactor.redact(&text);
        let cut = redactor.redact_cut(&text, limit);
        for secret in &secrets {
            prop_assert!(!contains(&whole, secret));
            prop_assert!(!contains(&cut, secret));
        }
    }

    #[test]
    fn text_without_secrets_is_unchanged(text in "[a-d0-9 .,/\\[\\]{}\"]{0,300}", secret in "[x-z]{6,40}") {
        let redactor = redactor(&[secret.as_bytes()]);
        prop_assert_eq!(redactor.redact_text(&text), text);
    }
}
