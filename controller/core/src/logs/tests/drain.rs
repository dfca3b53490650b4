//! What is known although no baseline has it word for word.

use super::*;

#[test]
fn another_word_is_the_same_message_unless_it_tells() {
    let alike = |a: &str, b: &str| {
        let mut drain = Drain::default();
        drain.train(b, Severity::Soft);
        drain.knows(a, Severity::Soft)
    };
    assert!(alike(
        "cache loaded from disk in memory",
        "cache loaded from network in memory"
    ));
    assert!(alike("alice: cannot open the file", "bob: cannot open the file"));
    assert!(!alike(
        "cache load denied from disk now",
        "cache load granted from disk now"
    ));
    assert!(!alike("cache is not loaded from disk", "cache is now loaded from disk"));
    assert!(!alike(
        r#"<ip> - - [<ts>] "GET / HTTP/<num>.<num>" 500 <num>"#,
        r#"<ip> - - [<ts>] "GET / HTTP/<num>.<num>" 200 <num>"#
    ));
    assert!(!alike("started", "stopped"));
}

#[test]
fn another_value_of_a_field_is_the_same_message_unless_it_is_what_the_message_says() {
    let mut drain = Drain::default();
    drain.train(r#"{"level":"error","msg":"login","user":"alice"}"#, Severity::Soft);
    assert!(drain.knows(r#"{"level":"error","msg":"login","user":"bob"}"#, Severity::Soft));
    assert!(!drain.knows(r#"{"level":"error","msg":"logout","user":"bob"}"#, Severity::Soft));
    assert!(!drain.knows(r#"{"level":"error","msg":"login","user":"bob"}"#, Severity::Hard));
}
