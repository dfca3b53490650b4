//! Kinds that a cluster's owner adds: how they are described, and what makes a description useless.

use super::Kind;

/// Where objects of somebody's operator hold their Pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    pub(super) api_version: String,
    pub(super) name: String,
    resource: String,
    /// As JSON pointers.
    pub(super) template: String,
    pub(super) replicas: Option<String>,
}

/// What is wrong with the description of a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is `{value}`: {mend}")]
pub struct Invalid {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What it should be.
    pub mend: &'static str,
}

impl Custom {
    /// A kind whose objects have a Pod template at `path`, and the number of their Pods at `replicas_path`, as
    /// `spec.template`. `resource` is its plural in the API, by which rights are granted.
    pub fn new(
        api_version: &str,
        name: &str,
        resource: &str,
        path: &str,
        replicas_path: Option<&str>,
    ) -> Result<Self, Invalid> {
        let invalid = |field, value: &str, mend| Invalid {
            field,
            value: value.to_owned(),
            mend,
        };
        if Kind::find(api_version, name, &[]).is_some() {
            let mend = "leave this kind out, every cluster has it and its template is known";
            return Err(invalid("kind", name, mend));
        }
        let is_versioned = api_version
            .split_once('/')
            .is_some_and(|(group, version)| group.contains('.') && is_lower(group, "-.") && is_lower(version, ""));
        if !is_versioned {
            let mend = "write group and version of the kind, such as `example.com/v1`";
            return Err(invalid("apiVersion", api_version, mend));
        }
        if !name.starts_with(|first: char| first.is_ascii_uppercase())
            || !name.chars().all(|c| c.is_ascii_alphanumeric())
        {
            return Err(invalid("kind", name, "write it as manifests do, such as `Widget`"));
        }
        if !is_lower(resource, "-") {
            let mend = "write the plural that `kubectl api-resources` shows, such as `widgets`";
            return Err(invalid("resource", resource, mend));
        }
        let mend = "write the fields from `spec` on with points between them, such as `spec.template`";
        let pointer = |field, path: &str| pointer(path).ok_or_else(|| invalid(field, path, mend));
        Ok(Self {
            api_version: api_version.to_owned(),
            name: name.to_owned(),
            resource: resource.to_owned(),
            template: pointer("path", path)?,
            replicas: replicas_path.map(|path| pointer("replicasPath", path)).transpose()?,
        })
    }

    /// Whether it is the kind of this name in this API version.
    pub fn is(&self, api_version: &str, name: &str) -> bool {
        self.api_version == api_version && self.name == name
    }

    /// Its plural in the API, such as `widgets`.
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

fn is_lower(text: &str, more: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(inner)
}

/// From `spec.template` to `/spec/template`. Nothing else than a field below `spec` is the user's to set.
fn pointer(path: &str) -> Option<String> {
    let is_field = |field: &str| {
        field.starts_with(|first: char| first.is_ascii_alphabetic())
            && field.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let is_below_spec = path.starts_with("spec.") && path.split('.').all(is_field);
    is_below_spec.then(|| format!("/{}", path.replace('.', "/")))
}
