//! `suspend`, `resume`, `cancel` and `retry`: what people ask of a check that is there.

use kube::ResourceExt;
use serde_json::{Value, json};
use temper_api::{WorkloadHardeningCheck, annotation};

use crate::{
    advice::Advised,
    args::{AskArgs, StatusOutput},
    cluster::Cluster,
    follow::{Goal, follow},
    printer,
    standing::Standing,
    status,
};

/// What is asked of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To hold still.
    Suspend,
    /// To go on.
    Resume,
    /// To end without a verdict.
    Cancel,
    /// To begin anew.
    Retry {
        /// A value that was not given before.
        token: String,
    },
}

/// Asks it, and follows the check if asked to.
pub(crate) async fn ask(cluster: &Cluster, wish: Wish, args: AskArgs) -> anyhow::Result<u8> {
    let AskArgs { name, watch, timeout } = args;
    let namespace = cluster.namespace();
    let check = cluster
        .check(&name)
        .await?
        .ok_or_else(|| status::missing(cluster, &name))?;
    let change = change(&wish, &check, namespace)?;
    let is_news = change.is_some();
    if let Some(change) = change {
        cluster.change(&check, &change).await?;
    }
    printer::note(&said(&wish, &name, is_news));
    let goal = match &wish {
        Wish::Suspend => Goal::Stillness,
        Wish::Resume | Wish::Cancel => Goal::End,
        Wish::Retry { token } => Goal::EndOfRetry(token.clone()),
    };
    if !watch {
        printer::note(&next(&wish, &name, namespace));
        return Ok(0);
    }
    let now = follow(cluster, &name, &goal, timeout).await?;
    let standing = Standing::of(now.status.as_ref());
    let code = status::print(cluster, now, StatusOutput::Table).await?;
    Ok(match (wish, standing) {
        (Wish::Suspend, Standing::Suspended) | (Wish::Cancel, _) => 0,
        (Wish::Suspend | Wish::Resume | Wish::Retry { .. }, _) => code,
    })
}

/// The merge patch that asks it; none where it was asked already. An error where nothing could come of it.
fn change(wish: &Wish, check: &WorkloadHardeningCheck, namespace: &str) -> Result<Option<Value>, Advised> {
    let name = check.name_any();
    if check.metadata.deletion_timestamp.is_some() {
        return Err(Advised::new(format!("check `{name}` is being deleted")));
    }
    let ended = Standing::of(check.status.as_ref()).is_final();
    let annotated = |key: &str| check.annotations().contains_key(key);
    let change = match wish {
        Wish::Retry { .. } if !ended => return Err(goes_on(&name, namespace, check.spec.suspend)),
        Wish::Suspend | Wish::Resume | Wish::Cancel if ended => return Err(has_ended(wish, &name, namespace)),
        Wish::Suspend if check.spec.suspend => None,
        Wish::Suspend => Some(json!({"spec": {"suspend": true}})),
        Wish::Resume if !check.spec.suspend => None,
        Wish::Resume => Some(json!({"spec": {"suspend": false}})),
        Wish::Cancel if annotated(annotation::CANCEL) => None,
        Wish::Cancel => Some(json!({"metadata": {"annotations": {annotation::CANCEL: "true"}}})),
        // Whoever wants another try does not want it to be cancelled, or to wait, for a wish of the last time.
        Wish::Retry { token } => {
            let mut change = json!({"metadata": {"annotations": {annotation::RETRY: token, annotation::CANCEL: null}}});
            if let (true, Some(fields)) = (check.spec.suspend, change.as_object_mut()) {
                fields.insert("spec".to_owned(), json!({"suspend": false}));
            }
            Some(change)
        }
    };
    Ok(change)
}

fn goes_on(name: &str, namespace: &str, is_suspended: bool) -> Advised {
    let end = if is_suspended {
        format!("let it go on: kubectl temper resume {name} -n {namespace}")
    } else {
        format!("wait for it: kubectl temper status {name} -n {namespace} --watch")
    };
    Advised::new(format!("check `{name}` has not ended, so it cannot begin anew"))
        .hint(end)
        .hint(format!("or end it first: kubectl temper cancel {name} -n {namespace}"))
}

fn has_ended(wish: &Wish, name: &str, namespace: &str) -> Advised {
    let nothing = match wish {
        Wish::Suspend => "hold still",
        Wish::Resume => "go on with",
        Wish::Cancel | Wish::Retry { .. } => "cancel",
    };
    Advised::new(format!("check `{name}` has ended: there is nothing to {nothing}"))
        .hint(format!(
            "see what came of it: kubectl temper status {name} -n {namespace}"
        ))
        .hint(format!(
            "or let it begin anew: kubectl temper retry {name} -n {namespace}"
        ))
}

/// What was done.
fn said(wish: &Wish, name: &str, is_news: bool) -> String {
    match (wish, is_news) {
        (Wish::Suspend, true) => format!("asked check `{name}` to hold still"),
        (Wish::Suspend, false) => format!("check `{name}` is suspended already"),
        (Wish::Resume, true) => format!("asked check `{name}` to go on"),
        (Wish::Resume, false) => format!("check `{name}` is not suspended"),
        (Wish::Cancel, true) => format!("asked check `{name}` to end without a verdict"),
        (Wish::Cancel, false) => format!("check `{name}` was asked to end already"),
        (Wish::Retry { .. }, _) => format!("asked check `{name}` to begin anew"),
    }
}

/// What people do next.
fn next(wish: &Wish, name: &str, namespace: &str) -> String {
    match wish {
        Wish::Suspend => format!("let it go on with: kubectl temper resume {name} -n {namespace}"),
        Wish::Resume | Wish::Cancel | Wish::Retry { .. } => {
            format!("follow it with: kubectl temper status {name} -n {namespace} --watch")
        }
    }
}

#[cfg(test)]
mod tests;
