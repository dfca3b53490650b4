//! JSON, logfmt, and bytes that are hardly text.

use super::*;

#[test]
fn json_is_read_by_field_in_the_order_of_names() {
    check(
        r#"{"level":"error","status":503,"took":17}"#,
        r#"{"level":"error","status":503,"took":<num>}"#,
    );
    alike(&[r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, r#"{ "b": 7, "a": 8 }"#]);
    alike(&[r#"{"x":{"a":1,"b":"c"},"y":[1,2]}"#, r#"{"y":[3],"x":{"b":"c","a":2}}"#]);
    alike(&[
        r#"{"ts":1795459048.161,"msg":"up"}"#,
        r#"{"msg":"up","ts":"2026-11-24T00:01:02Z"}"#,
    ]);
    alike(&[r#"INFO {"a":1,"b":2} end"#, r#"INFO {"b":2,"a":1} end"#]);
    check(
        r#"{"msg":"say \"no\" to {17}","level":30,"time":0.001}"#,
        r#"{"level":30,"msg":"say \"no\" to {<num>}","time":<num>}"#,
    );
    check(
        r#"{"msg":"a message of more than forty bytes is what is said, and is kept","agent":"a value of more than forty bytes is a value"}"#,
        r#"{"agent":"<str>","msg":"a message of more than forty bytes is what is said, and is kept"}"#,
    );
    // Cut by whoever kept it, or no JSON at all.
    check(r#"{"b":2,"a":"cut of"#, r#"{"a":"cut of,"b":<num>}"#);
    check(r#"{"b" 2} {"a":1,}"#, r#"{"b" <num>} {"a":<num>,}"#);
}

#[test]
fn logfmt_is_read_by_field_in_the_order_of_names() {
    check("level=info status=404 size=12", "level=info size=<num> status=404");
    alike(&[
        r#"ts=2026-11-23T18:37:17.561Z level=info msg="it is up" n=1"#,
        r#"n=2 msg="it is up" ts=1795459048.161 level=info"#,
    ]);
    check("pid=17 started", "pid=<num> started");
}

#[test]
fn any_bytes_are_a_value_or_nothing() {
    let same = |a: &[u8], b: &[u8]| {
        let of = |line| mask(line, &Names::default()).template;
        assert_eq!(of(a), of(b), "{}", String::from_utf8_lossy(a));
    };
    same(b"wrote 1\xff7 rows", b"wrote 17 rows");
    same(
        b"order 0b5f6c1e-1111-2222-3\xff33-444455556666 is in",
        b"order 0b5f6c1e-1111-2222-3333-444455556666 is in",
    );
    same(
        b"order 0b5f6c1e-1111-2222-3\xff333-444455556666 is in",
        b"order 0b5f6c1e-1111-2222-3333-444455556666 is in",
    );
    same("wrote 1\u{fffd}7 rows".as_bytes(), b"wrote 17 rows");
    same(b"\0w\0rote 17\0", b"wrote 17");
    same(b"\xff\xfew\0r\0o\0t\0e\0 \x001\0", b"wrote 1");
    same(
        &[b"wrote ".as_slice(), &vec![b'7'; 1 << 20], b" rows"].concat(),
        b"wrote 17 rows",
    );
    let long = |byte: u8| [br#"{"id":""#.as_slice(), &vec![byte; 8192], br#"","n":1}"#].concat();
    assert_eq!(
        mask(&long(b'x'), &Names::default()).template,
        r#"{"id":"<long>","n":<num>}"#
    );
    same(&long(b'7'), br#"{"id":"17","n":1}"#);
}
