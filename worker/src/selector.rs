//! Label selectors in the text form that the API server takes.

use kube::core::{Expression, Selector};

/// A selector that is not one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Error {
    /// It would select every Pod of the clone, and with it the neighbours.
    #[error("the selector is empty")]
    Empty,
    /// A requirement is malformed.
    #[error("`{0}` is no label requirement")]
    Requirement(String),
}

/// Reads a selector such as `app=web,tier in (front,back),!canary`.
pub(crate) fn parse(text: &str) -> Result<Selector, Error> {
    let selector = split(text).map(requirement).collect::<Result<Selector, Error>>()?;
    if selector.selects_all() {
        Err(Error::Empty)
    } else {
        Ok(selector)
    }
}

/// Splits at commas that are not inside parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

fn requirement(text: &str) -> Result<Expression, Error> {
    let malformed = || Error::Requirement(text.to_owned());
    let key = |key: &str| {
        let key = key.trim();
        let legal = !key.is_empty() && !key.contains(|c: char| c.is_whitespace() || "()=!,".contains(c));
        if legal { Ok(key.to_owned()) } else { Err(malformed()) }
    };
    if let Some(list) = text.strip_suffix(')') {
        let (head, values) = list.split_once('(').ok_or_else(malformed)?;
        let values = values.split(',').map(|v| v.trim().to_owned()).collect();
        let head = head.trim();
        return match head.rsplit_once(char::is_whitespace) {
            Some((name, "in")) => Ok(Expression::In(key(name)?, values)),
            Some((name, "notin")) => Ok(Expression::NotIn(key(name)?, values)),
            Some(_) | None => Err(malformed()),
        };
    }
    if let Some((name, value)) = text.split_once("!=") {
        return Ok(Expression::NotEqual(key(name)?, value.trim().to_owned()));
    }
    if let Some((name, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Expression::Equal(key(name)?, value.trim().to_owned()));
    }
    match text.strip_prefix('!') {
        Some(name) => Ok(Expression::DoesNotExist(key(name)?)),
        None => Ok(Expression::Exists(key(text)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::SelectorExt;
    use std::collections::BTreeMap;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels: BTreeMap<String, String> = labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        parse(selector).unwrap().matches(&labels)
    }

    #[test]
    fn every_form_is_understood() {
        let web = [("app", "web"), ("app.kubernetes.io/part-of", "shop")];
        assert!(matches("app=web", &web));
        assert!(matches("app == web,app.kubernetes.io/part-of=shop", &web));
        assert!(matches("app in (api, web),!canary", &web));
        assert!(matches("app notin (api,db),app", &web));
        assert!(matches("app!=api", &web));
        assert!(!matches("app in (api,db)", &web));
        assert!(!matches("canary", &web));
    }

    #[test]
    fn what_is_printed_reads_back() {
        for text in ["a=b", "a!=b", "a in (b,c)", "a notin (b,c)", "a", "!a"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn nothing_selects_everything() {
        for text in ["", " ", ","] {
            assert_eq!(parse(text), Err(Error::Empty));
        }
        assert!(parse("a within (b)").is_err());
        assert!(parse("=b").is_err());
    }
}
