//! Reads the text in which programs and kubelets expose metrics: Prometheus' format 0.0.4 and OpenMetrics 1.0, a line at
//! a time. What is no valid line is none; nothing here fails or allocates without need.

use std::borrow::Cow;

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Line<'a> {
    /// The type of a family.
    Type(&'a str, Kind),
    /// A value.
    Sample(Sample<'a>),
}

/// Types of families that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only rises, until its program restarts.
    Counter,
    /// Rises and falls.
    Gauge,
    /// A histogram or a summary: of its samples, sum and count only rise.
    Distribution,
    /// Said to be of no type that has a size.
    Other,
}

/// A value at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample<'a> {
    /// Name of the series.
    pub(crate) name: &'a str,
    /// Labels in the order in which they are written.
    pub(crate) labels: Vec<(&'a str, Cow<'a, str>)>,
    /// The value, which may be no number.
    pub(crate) value: f64,
    /// The number after the value: milliseconds in Prometheus' format, seconds in OpenMetrics.
    pub(crate) timestamp: Option<f64>,
}

impl Sample<'_> {
    /// Value of a label; empty where there is none, which is the same thing in this format.
    pub(crate) fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(label, _)| *label == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Reads a line without its end; none for an empty one, a comment and what cannot be read.
pub(crate) fn line(text: &str) -> Option<Line<'_>> {
    let text = text.trim_matches([' ', '\t', '\r']);
    match text.strip_prefix('#') {
        Some(comment) => type_of(comment),
        None => sample(text).map(Line::Sample),
    }
}

fn type_of(comment: &str) -> Option<Line<'_>> {
    let mut words = comment.split_ascii_whitespace();
    let ("TYPE", family, kind) = (words.next()?, words.next()?, words.next()?) else {
        return None;
    };
    let kind = match kind {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" | "summary" => Kind::Distribution,
        "gaugehistogram" | "info" | "stateset" => Kind::Other,
        // Untyped, unknown: the name tells.
        _ => return None,
    };
    Some(Line::Type(family, kind))
}

fn sample(text: &str) -> Option<Sample<'_>> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':')?;
    let (name, rest) = text.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (labels, rest) = match rest.trim_start().strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    // An exemplar may follow.
    let mut words = rest.split_ascii_whitespace().take_while(|word| *word != "#");
    let value = words.next()?.parse().ok()?;
    let timestamp = words.next().map(str::parse).transpose().ok()?;
    Some(Sample {
        name,
        labels,
        value,
        timestamp,
    })
}

type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// Labels up to the brace that ends them, and what follows it.
fn labels(mut rest: &str) -> Option<(Labels<'_>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, quoted) = rest.split_once('=')?;
        let (value, after) = value(quoted.trim_start().strip_prefix('"')?)?;
        labels.push((name.trim_end(), value));
        rest = after;
    }
}

/// A value up to the quote that ends it, with its escapes resolved, and what follows it.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut resolved = String::new();
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(rest.find(['"', '\\'])?);
        if let Some(after) = special.strip_prefix('"') {
            let value = if resolved.is_empty() {
                Cow::Borrowed(plain)
            } else {
                Cow::Owned(resolved + plain)
            };
            return Some((value, after));
        }
        let escaped = special.chars().nth(1)?;
        resolved.push_str(plain);
        resolved.push(if escaped == 'n' { '\n' } else { escaped });
        rest = special.get(1 + escaped.len_utf8()..)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Name, labels, value and time.
    type Read = (String, Vec<(String, String)>, f64, Option<f64>);

    fn read(text: &str) -> Option<Read> {
        let Some(Line::Sample(sample)) = line(text) else {
            return None;
        };
        let labels = sample.labels.iter().map(|(n, v)| ((*n).to_owned(), v.to_string()));
        Some((sample.name.to_owned(), labels.collect(), sample.value, sample.timestamp))
    }

    #[test]
    fn samples() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let cases = [
            ("up 1", ("up", vec![], 1.0, None)),
            (
                "a:b_c{} 1e3 1395066363000\r",
                ("a:b_c", vec![], 1000.0, Some(1_395_066_363_000.0)),
            ),
            (
                r#"http_requests_total{method="post",code="200",} 1027 # {trace="x"} 0.5"#,
                (
                    "http_requests_total",
                    vec![pair("method", "post"), pair("code", "200")],
                    1027.0,
                    None,
                ),
            ),
            (
                r#"x { path = "C:\\DIR\\\"a\" {b}, c=\n" } +Inf"#,
                ("x", vec![pair("path", "C:\\DIR\\\"a\" {b}, c=\n")], f64::INFINITY, None),
            ),
        ];
        for (text, (name, labels, value, timestamp)) in cases {
            assert_eq!(read(text), Some((name.to_owned(), labels, value, timestamp)), "{text}");
        }
    }

    #[test]
    fn types() {
        assert_eq!(line("# TYPE a counter"), Some(Line::Type("a", Kind::Counter)));
        assert_eq!(line("# TYPE a summary"), Some(Line::Type("a", Kind::Distribution)));
    }

    #[test]
    fn what_is_no_line_is_none() {
        for text in [
            "",
            "# HELP a counter",
            "# TYPE a",
            "# TYPE a untyped",
            "# EOF",
            "<html>",
            "a",
            "a{",
            "a{b=\"c",
            "a{b=\"c\\",
            "a{b=\"c\" 1",
            "a{b} 1",
            "1a 2",
            "a b",
            "a 1 b",
            "é 1",
        ] {
            assert_eq!(line(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in "\\PC{0,80}") {
            let _ = line(&text);
        }

        #[test]
        fn what_is_written_is_read(value in "[^\\\\\"\\n\\x00-\\x1f]{0,20}", number in any::<u32>()) {
            let text = format!("name{{label=\"{value}\"}} {number}");
            let expected = ("name".to_owned(), vec![("label".to_owned(), value)], f64::from(number), None);
            prop_assert_eq!(read(&text), Some(expected));
        }
    }
}
