//! What holds for any line.

use proptest::prelude::*;

use super::*;

/// Lines made of pieces that the masker knows.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "\"",
        "'",
        "[",
        "]",
        ":",
        "=",
        ",",
        " ",
        "  ",
        "\\",
        "\"a\":",
        "1",
        "17",
        "0x1f",
        "::1",
        "10.0.0.1",
        "2026-11-24T00:01:02Z",
        "Nov 24",
        "12:30:45",
        "level=",
        "error",
        "status",
        "503",
        "x2x4z",
        "-",
        ".",
        "/",
        "é",
        "temper-web",
        "\u{1b}[0m",
        "0b5f6c1e-1111-2222-3333-444455556666",
        "at ",
        "1.5ms",
        "KB",
        "<",
        ">",
    ]);
    let piece = prop_oneof![
        9 => pieces.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_have_a_template(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let names = Names::of_clone("a");
        prop_assert_eq!(mask(&bytes, &names), mask(&bytes, &names));
    }

    /// Nothing of one line is left for the next one, and a template is text.
    #[test]
    fn a_masker_forgets(lines in proptest::collection::vec(any_line(), 0..8)) {
        let names = Names::of_clone("temper-web");
        let mut masker = Masker::new(&names);
        for line in &lines {
            let template = masker.template(line).to_vec();
            prop_assert!(str::from_utf8(&template).is_ok());
            prop_assert_eq!(masker.mask(line), mask(line, &names));
            prop_assert_eq!(template, mask(line, &names).template.into_bytes());
        }
    }

    /// Severity is a function of the template.
    #[test]
    fn one_template_has_one_severity(line in any_line()) {
        let masked = mask(&line, &Names::default());
        prop_assert_eq!(masked.severity, severity(&masked.template));
    }

    #[test]
    fn numbers_make_no_difference(a in any::<u32>(), b in any::<u32>()) {
        let line = |n: u32| template(&format!("served {n} requests to client-{n} at /v1/{n}/x in {n}ms"));
        prop_assert_eq!(line(a), line(b));
    }

    #[test]
    fn fields_may_come_in_any_order(
        fields in proptest::collection::btree_map("[a-z]{1,8}", "[a-z0-9 ]{0,20}", 1..8),
        order in any::<prop::sample::Index>(),
    ) {
        let mut list: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
        let straight = template(&format!("{{{}}}", list.join(",")));
        let length = list.len();
        list.rotate_left(order.index(length));
        prop_assert_eq!(template(&format!("{{{}}}", list.join(", "))), straight);
    }

    /// Colours, carriage returns and blanks around it make no difference.
    #[test]
    fn dress_makes_no_difference(line in "[a-z0-9 :=.]{0,60}") {
        prop_assert_eq!(template(&format!("\u{1b}[1;31m {line}\u{1b}[0m \r")), template(&line));
    }
}
