//! The follower in conversation with an API server that follows a script.

use std::collections::VecDeque;
use std::sync::Mutex;

use http::{Request, Response, StatusCode};
use kube::Client;
use kube::client::Body as HttpBody;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::publish::Outgoing;

/// A question that is expected, by the end of its address, and its answer.
type Line = (&'static str, StatusCode, String);

const POD: &str = "/pods/p";
const FOLLOW: &str = "/log?&container=app&follow=true&timestamps=true";
const READ: &str = "/log?&container=app&timestamps=true";
const HEAD: &str = "/log?&container=app&limitBytes=64&timestamps=true";

struct Cluster {
    script: Arc<Mutex<VecDeque<Line>>>,
    order: watch::Sender<Order>,
    queue: mpsc::Receiver<Outgoing>,
    follower: Follower,
}

fn cluster(script: impl IntoIterator<Item = Line>) -> Cluster {
    let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
    let answers = Arc::clone(&script);
    let service = tower::service_fn(move |request: Request<HttpBody>| {
        let mut answers = answers.lock().unwrap();
        let asked = request.uri().to_string();
        // An unexpected question leaves the script unplayed.
        let (_, status, body) = answers
            .pop_front_if(|(expected, ..)| asked.ends_with(*expected))
            .unwrap_or((POD, StatusCode::NOT_IMPLEMENTED, String::new()));
        let response = Response::builder()
            .status(status)
            .body(HttpBody::from(body.into_bytes()));
        std::future::ready(response)
    });
    let (publisher, queue) = Publisher::queue();
    let (order, redactor) = (
        watch::Sender::new(Order::Record),
        watch::Sender::new(Arc::new(Redactor::new([]).unwrap())),
    );
    let follower = Follower {
        pods: Api::namespaced(Client::new(service, "n"), "n"),
        publisher,
        redactor: redactor.subscribe(),
        order: order.subscribe(),
    };
    Cluster {
        script,
        order,
        queue,
        follower,
    }
}

/// What is published of instance 0 of the container `app` when the whole script is played.
async fn played(order: Order, script: impl IntoIterator<Item = Line>) -> Vec<String> {
    let mut cluster = cluster(script);
    cluster.order.send_replace(order);
    let instance = Instance {
        pod: "p".into(),
        pod_uid: "u".into(),
        container: "app".into(),
        ..Instance::default()
    };
    cluster.follower.follow(instance).await;
    assert_eq!(
        cluster.script.lock().unwrap().len(),
        0,
        "the script was not played to its end"
    );
    let mut told = Vec::new();
    while let Some(outgoing) = cluster.queue.recv().await {
        told.extend(tell(outgoing.chunk));
    }
    told
}

/// Lines with their positions, and gaps.
fn tell(chunk: v1::Chunk) -> Vec<String> {
    match chunk.body {
        Some(Body::Logs(logs)) => {
            let lines = logs.lines.iter().map(|line| String::from_utf8_lossy(&line.text));
            (logs.first..)
                .zip(lines)
                .map(|(n, text)| format!("{n} {text}"))
                .collect()
        }
        Some(Body::Gap(gap)) => {
            vec![format!(
                "{} {} {}",
                gap.position,
                gap.cause().as_str_name(),
                gap.message
            )]
        }
        other => vec![format!("{other:?}")],
    }
}

fn pod(state: &serde_json::Value, restarts: u32) -> Line {
    let container =
        json!({"name": "app", "image": "i", "imageID": "", "ready": true, "restartCount": restarts, "state": state});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "u"},
        "status": {"containerStatuses": [container]}
    });
    (POD, StatusCode::OK, pod.to_string())
}

fn running() -> Line {
    pod(&json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}}), 0)
}

fn ended() -> Line {
    pod(&json!({"terminated": {"exitCode": 0}}), 0)
}

fn gone() -> Line {
    let status = json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404});
    (POD, StatusCode::NOT_FOUND, status.to_string())
}

/// A log of lines of these seconds.
fn log(question: &'static str, year: u32, seconds: &[u32]) -> Line {
    let lines = seconds.iter().map(|s| format!("{year}-01-01T00:00:{s:02}Z at {s}\n"));
    (question, StatusCode::OK, lines.collect())
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_has_ended_is_read_once() {
    let told = played(Order::Record, [ended(), log(READ, 2026, &[1, 2])]).await;
    assert_eq!(told, ["0 at 1", "1 at 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_was_read_to_its_end_may_go() {
    let told = played(Order::Record, [running(), log(FOLLOW, 2026, &[1]), gone()]).await;
    assert_eq!(told, ["0 at 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_goes_before_it_was_read_is_missing() {
    let told = played(Order::Record, [gone()]).await;
    assert_eq!(told, ["0 CAUSE_UNREAD it is gone"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_kubelet_says_itself_is_no_line_and_no_end() {
    let (question, status, mut text) = log(FOLLOW, 2026, &[1]);
    text.push_str("failed to create fsnotify watcher: too many open files");
    let told = played(Order::Record, [running(), (question, status, text), gone()]).await;
    assert_eq!(told, ["0 at 1", "1 CAUSE_UNREAD it is gone"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lost_is_made_again_at_the_same_position() {
    let refused = (FOLLOW, StatusCode::INTERNAL_SERVER_ERROR, "{}".to_owned());
    let script = [
        running(),
        log(FOLLOW, 2026, &[1, 2]),
        running(),
        refused,
        running(),
        log(FOLLOW, 2026, &[1, 2, 3]),
        ended(),
        log(READ, 2026, &[1, 2, 3, 4]),
    ];
    assert_eq!(
        played(Order::Record, script).await,
        ["0 at 1", "1 at 2", "2 at 3", "3 at 4"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_that_was_rotated_unread_is_missing_and_goes_on() {
    let script = [
        running(),
        log(FOLLOW, 2026, &[1, 2]),
        running(),
        log(FOLLOW, 2026, &[5, 6]),
        ended(),
        log(READ, 2026, &[5, 6, 7]),
    ];
    let gap = "2 CAUSE_ROTATED it begins after everything that was read of it";
    assert_eq!(
        played(Order::Record, script).await,
        ["0 at 1", "1 at 2", gap, "2 at 5", "3 at 6", "4 at 7"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_that_was_rotated_after_it_was_read_lacks_nothing() {
    let script = [
        running(),
        log(FOLLOW, 2026, &[1, 2, 3, 4]),
        ended(),
        log(READ, 2026, &[4, 5]),
    ];
    assert_eq!(
        played(Order::Record, script).await,
        ["0 at 1", "1 at 2", "2 at 3", "3 at 4", "4 at 5"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rotation_under_the_reader_is_looked_for_once_it_is_abreast() {
    // Lines of the future are newer than the stream: what was there before is read.
    let script = [
        running(),
        log(FOLLOW, 2126, &[1, 2]),
        log(HEAD, 2126, &[1]),
        running(),
        log(FOLLOW, 2126, &[1, 2, 3]),
        log(HEAD, 2126, &[8]),
        ended(),
        log(READ, 2126, &[8]),
    ];
    let gap = "3 CAUSE_ROTATED it begins after everything that was read of it";
    assert_eq!(
        played(Order::Record, script).await,
        ["0 at 1", "1 at 2", "2 at 3", gap, "3 at 8"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_previous_log_that_is_another_instances_is_missing() {
    let replaced = || pod(&json!({"running": {}}), 1);
    let (question, status, text) = log("/log?&container=app&previous=true&timestamps=true", 2026, &[9]);
    let broken = (FOLLOW, StatusCode::OK, "2026-01-01T00:00:01Z at 1\nno time".to_owned());
    let script = [running(), broken, replaced(), (question, status, text)];
    assert_eq!(
        played(Order::Record, script).await,
        ["0 at 1", "1 CAUSE_UNREAD it is another instance's now"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_at_the_end_is_given_up_and_told() {
    let refused = || (READ, StatusCode::BAD_REQUEST, "no log".to_owned());
    let script = std::iter::repeat_with(|| [running(), refused()]).take(5).flatten();
    let told = played(Order::Finish, script).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("0 CAUSE_UNREAD "), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_halted_misses_nothing() {
    assert_eq!(played(Order::Halt, []).await, [""; 0]);
}
