//! Who makes a target: hardening one of many copies would change nothing.

use serde_json::Value;
use temper_api::TargetRef;
use temper_core::kind::Kind;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::source;

/// Owners above each other: a Pod's ReplicaSet, its Deployment, and what an operator makes that from.
const DEPTH: usize = 4;

/// The workload that makes these Pods, ReplicaSets and Jobs, where a controller does: as far up as it is known.
pub(super) async fn maker(
    kind: &Kind,
    object: &Value,
    namespace: &str,
    context: &Context,
) -> Result<Option<TargetRef>> {
    match kind {
        Kind::Pod | Kind::ReplicaSet | Kind::Job => {}
        // An operator may make these, but it is here that people change them.
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::CronJob | Kind::Custom(_) => return Ok(None),
    }
    let mut maker = controller(object);
    for _ in 1..DEPTH {
        let Some(known) = maker.as_ref().filter(|maker| context.args.kinds.of(maker).is_some()) else {
            break;
        };
        let above = source::target(context, namespace, known).await;
        let above = above.map_err(|source| Error::Read {
            what: "the owner of the target",
            source,
        })?;
        let Some(next) = above
            .as_ref()
            .and_then(controller)
            .filter(|next| context.args.kinds.of(next).is_some())
        else {
            break;
        };
        maker = Some(next);
    }
    Ok(maker)
}

/// The owner that controls an object.
fn controller(object: &Value) -> Option<TargetRef> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
    let text = |field: &str| owner.get(field)?.as_str().map(str::to_owned);
    Some(TargetRef {
        api_version: text("apiVersion")?,
        kind: text("kind")?,
        name: text("name")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_one_that_controls_is_the_owner() {
        let owner = |kind: &str, controller: bool| json!({"apiVersion": "apps/v1", "kind": kind, "name": "web", "controller": controller});
        let pod = json!({"metadata": {"ownerReferences": [owner("Guest", false), owner("ReplicaSet", true)]}});
        assert_eq!(controller(&pod).unwrap().to_string(), "ReplicaSet/web");
        assert_eq!(
            controller(&json!({"metadata": {"ownerReferences": [owner("Guest", false)]}})),
            None
        );
        assert_eq!(controller(&json!({"metadata": {}})), None);
    }
}
