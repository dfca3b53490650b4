//! Errors that say what to do, and what the API server means by its answers.

use std::{error::Error, fmt};

/// Exit code of everything that could not be judged.
pub(crate) const COULD_NOT_JUDGE: u8 = 2;

/// An error with what to do about it.
#[derive(Debug)]
pub(crate) struct Advised {
    message: String,
    hints: Vec<String>,
    code: u8,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Advised {
    /// An error; lower case, no full stop.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: Vec::new(),
            code: COULD_NOT_JUDGE,
            source: None,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code, where it is not that of what could not be judged.
    pub(crate) fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Why.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What to do about it.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Advised {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| -> &(dyn Error + 'static) { source })
    }
}

/// The exit code of an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Advised>())
        .map_or(COULD_NOT_JUDGE, |advised| advised.code)
}

/// What was asked of the API server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// Verb of the RBAC rule that it needs.
    pub(crate) verb: &'a str,
    /// Plural of the kind.
    pub(crate) resource: &'a str,
    /// Name of the object.
    pub(crate) name: &'a str,
    /// Its namespace.
    pub(crate) namespace: &'a str,
}

impl Request<'_> {
    /// Says what a failure of this request means.
    pub(crate) fn explain(&self, error: kube::Error) -> Advised {
        let Self {
            verb,
            resource,
            name,
            namespace,
        } = *self;
        let message = format!("failed to {verb} {resource} `{name}` in namespace `{namespace}`");
        let kube::Error::Api(status) = error else {
            return Advised::new(message)
                .because(error)
                .hint("is the cluster reachable? try: kubectl version");
        };
        let advised = Advised::new(message).because(status.message.clone());
        match status.code {
            404 if names_no_object(&status) => advised.hint(
                "Temper is not installed in this cluster; install it with: \
                 helm install temper charts/temper -n temper-system --create-namespace",
            ),
            404 => advised.hint("does the namespace exist? try: kubectl get namespaces"),
            401 => advised.hint("the credentials of the kubeconfig were not accepted; log in again"),
            403 => advised
                .hint(format!(
                    "you need the right to {verb} {resource}.temper.dev in namespace `{namespace}`"
                ))
                .hint(format!(
                    "test it with: kubectl auth can-i {verb} {resource}.temper.dev -n {namespace}"
                )),
            400 | 422 if status.message.contains("unknown field") => {
                advised.hint("the Temper of this cluster is older than this plugin; upgrade it with: helm upgrade")
            }
            _ => advised,
        }
    }
}

/// Whether the API server does not know the kind; of an object that is missing it gives the name.
pub(crate) fn names_no_object(status: &kube::core::Status) -> bool {
    status.details.as_ref().is_none_or(|details| details.name.is_empty())
}

#[cfg(test)]
mod tests {
    use kube::core::response::{Status, StatusDetails};

    use super::*;
    use crate::printer::explanation;

    const REQUEST: Request<'_> = Request {
        verb: "get",
        resource: "workloadhardeningchecks",
        name: "nginx",
        namespace: "web",
    };

    fn answer(code: u16, message: &str, named: bool) -> String {
        let details = named.then(|| StatusDetails {
            name: "web".to_owned(),
            group: String::new(),
            kind: "namespaces".to_owned(),
            uid: String::new(),
            causes: Vec::new(),
            retry_after_seconds: 0,
        });
        let status = Status {
            details,
            ..Status::failure(message, "Whatever").with_code(code)
        };
        let advised = REQUEST.explain(kube::Error::Api(status.boxed()));
        explanation(&advised.into())
    }

    #[test]
    fn a_missing_kind_is_a_missing_installation() {
        insta::assert_snapshot!(answer(404, "404 page not found\n", false));
    }

    #[test]
    fn a_missing_namespace() {
        insta::assert_snapshot!(answer(404, "namespaces \"web\" not found", true));
    }

    #[test]
    fn a_missing_right_is_named() {
        insta::assert_snapshot!(answer(
            403,
            "workloadhardeningchecks.temper.dev is forbidden: User \"eve\" cannot get",
            true
        ));
    }

    #[test]
    fn an_unknown_field_is_an_old_installation() {
        insta::assert_snapshot!(answer(
            400,
            "strict decoding error: unknown field \"spec.suspend\"",
            true
        ));
    }

    #[test]
    fn codes() {
        assert_eq!(exit_code(&anyhow::anyhow!("x")), 2);
        let inner: anyhow::Error = Advised::new("x").code(1).into();
        assert_eq!(exit_code(&inner.context("y")), 1);
    }
}
