//! The observer in conversation with an API server, whose observing containers print what a test wants.

use std::sync::Mutex;

use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body as HttpBody;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;
use crate::publish::Outgoing;

/// What the observing container of each round prints; one that would print nothing is refused.
type Logs = Vec<Vec<Seen>>;

fn pod(rounds: usize, host_pid: bool) -> Value {
    let ended = |round: usize| {
        json!({"name": format!("temper-inspect-{}-app", round + 1), "image": "i", "imageID": "", "ready": false,
            "restartCount": 0, "state": {"terminated": {"exitCode": 0}}})
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "uid": "u", "resourceVersion": "1"},
        "spec": {"containers": [{"name": "app"}], "hostPID": host_pid},
        "status": {"ephemeralContainerStatuses": (0..rounds).map(ended).collect::<Vec<_>>()}
    })
}

/// Who observing containers were asked to be, by round.
type Asked = Arc<Mutex<Vec<Option<u64>>>>;

async fn server(logs: Arc<Logs>, asked: Asked, request: Request<HttpBody>) -> http::Result<Response<HttpBody>> {
    let (parts, body) = request.into_parts();
    let uri = parts.uri.to_string();
    let answer = if parts.method == Method::PATCH {
        let body: Value = serde_json::from_slice(&body.collect_bytes().await.unwrap()).unwrap();
        let user = body["spec"]["ephemeralContainers"][0]["securityContext"]["runAsUser"].as_u64();
        let mut asked = asked.lock().unwrap();
        asked.push(user);
        if logs[asked.len() - 1].is_empty() {
            return Response::builder()
                .status(StatusCode::FORBIDDEN)
                .body(HttpBody::empty());
        }
        pod(logs.len(), false).to_string()
    } else if uri.contains("watch=true") {
        std::future::pending().await
    } else if uri.contains("/log?") {
        let round = (1..=logs.len()).find(|round| uri.contains(&format!("container=temper-inspect-{round}-app")));
        let lines = &logs[round.unwrap() - 1];
        lines
            .iter()
            .map(|seen| serde_json::to_string(seen).unwrap() + "\n")
            .collect()
    } else if uri.contains("/pods/p") {
        pod(logs.len(), false).to_string()
    } else {
        json!({"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "1"},
            "items": [pod(logs.len(), false)]})
        .to_string()
    };
    Response::builder().body(HttpBody::from(answer.into_bytes()))
}

fn seen(time_nanos: i64, uid: u32, error: &str) -> Seen {
    let mut report = Report {
        error: error.to_owned(),
        ..Report::default()
    };
    report.status.name = "app".into();
    report.status.uid = uid;
    let task = v1::Task {
        name: "app hunter2hunter2".into(),
        uid,
        ..v1::Task::default()
    };
    Seen {
        report,
        observation: v1::Observation {
            time_nanos,
            tasks: vec![task],
            error: error.to_owned(),
            ..v1::Observation::default()
        },
    }
}

/// Everything that is published of a Pod until the recording is over, and who was asked to look.
async fn observed(logs: Logs, host_pid: bool) -> (Vec<Outgoing>, Vec<Option<u64>>) {
    let (logs, asked) = (Arc::new(logs), Asked::default());
    let service = {
        let asked = Arc::clone(&asked);
        tower::service_fn(move |request| server(Arc::clone(&logs), Arc::clone(&asked), request))
    };
    let (publisher, mut queue): (_, mpsc::Receiver<Outgoing>) = Publisher::queue();
    let over = watch::Sender::new(false);
    let redactor = watch::Sender::new(Arc::new(Redactor::new([&b"hunter2hunter2"[..]]).unwrap()));
    let observer = Observer {
        pods: Api::namespaced(Client::new(service, "n"), "n"),
        image: "i".into(),
        attempt: 1,
        publisher,
        redactor: redactor.subscribe(),
        settled: Instant::now() + Duration::from_secs(10),
        over: over.subscribe(),
    };
    let pod = serde_json::from_value(pod(0, host_pid)).unwrap();
    let end = async {
        sleep(Duration::from_secs(30)).await;
        over.send_replace(true);
    };
    tokio::join!(observer.observe(&pod), end);
    drop(observer);
    let told = std::iter::from_fn(|| queue.try_recv().ok()).collect();
    let asked = asked.lock().unwrap().clone();
    (told, asked)
}

fn observations(published: &[Outgoing]) -> Vec<&v1::Observation> {
    let bodies = published.iter().map(|outgoing| outgoing.chunk.body.as_ref());
    let observations = bodies.filter_map(|body| match body {
        Some(Body::Observation(observation)) => Some(observation),
        _ => None,
    });
    observations.collect()
}

fn processes(published: &[Outgoing]) -> Vec<(u32, &str)> {
    let bodies = published.iter().map(|outgoing| outgoing.chunk.body.as_ref());
    let processes = bodies.filter_map(|body| match body {
        Some(Body::Process(process)) => Some((process.uid, process.error.as_str())),
        _ => None,
    });
    processes.collect()
}

#[tokio::test(start_paused = true)]
async fn whoever_process_1_becomes_is_looked_at_as_who_it_is() {
    let logs = vec![
        vec![seen(1, 5, "cannot read")],
        vec![seen(2, 5, ""), seen(3, 999, "cannot read")],
        vec![seen(4, 999, ""), seen(5, 999, "")],
    ];
    let (published, asked) = observed(logs, false).await;
    assert_eq!(asked, [Some(0), Some(5), Some(999)]);
    let told = observations(&published);
    let told: Vec<_> = told
        .iter()
        .map(|seen| (seen.time_nanos, seen.tasks[0].uid, seen.error.as_str()))
        .collect();
    assert_eq!(told, [(1, 5, ""), (2, 5, ""), (3, 999, ""), (4, 999, ""), (5, 999, "")]);
    assert_eq!(processes(&published), [(999, "")], "what it is once it has settled");
    let names = observations(&published)
        .into_iter()
        .map(|seen| seen.tasks[0].name.as_str());
    assert!(names.into_iter().all(|name| name == "app [redacted]"));
    assert_eq!(published[0].part, "observation/u/app/0/1/1");
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_to_no_user_is_read_by_one_that_may_or_given_up_and_said() {
    let blind = |time| vec![seen(time, 7, "no right")];
    let (published, asked) = observed(vec![blind(1), blind(2), vec![seen(3, 7, "")]], false).await;
    assert_eq!(asked, [Some(0), Some(7), Some(0)]);
    assert!(observations(&published).iter().all(|seen| seen.error.is_empty()));
    assert_eq!(processes(&published), [(7, "")]);

    let (published, asked) = observed(vec![blind(1), blind(2), blind(3)], false).await;
    assert_eq!(asked, [Some(0), Some(7), Some(0)]);
    assert_eq!(observations(&published).last().unwrap().error, "no right");
    assert_eq!(processes(&published), [(0, "no right")]);
}

#[tokio::test(start_paused = true)]
async fn where_a_guess_is_refused_the_target_is_looked_at_as_itself() {
    let (published, asked) = observed(vec![vec![], vec![seen(1, 7, "")]], false).await;
    assert_eq!(asked, [Some(0), None]);
    assert_eq!(processes(&published), [(7, "")]);
    let (published, asked) = observed(vec![vec![], vec![]], false).await;
    assert_eq!(asked, [Some(0), None]);
    assert!(observations(&published)[0].error.contains("refused"));
    assert!(processes(&published)[0].1.contains("refused"));
}

#[test]
fn a_user_that_the_manifest_names_is_believed() {
    let guise = |spec: Value| {
        let pod: Pod = serde_json::from_value(json!({"metadata": {}, "spec": spec})).unwrap();
        first_guise(&pod, &pod.spec.as_ref().unwrap().containers[0])
    };
    assert_eq!(guise(json!({"containers": [{"name": "app"}]})), Guise::User(0, 0));
    let own = json!({"containers": [{"name": "app", "securityContext": {"runAsUser": 7}}]});
    assert_eq!(guise(own), Guise::Target);
    let shared = json!({"containers": [{"name": "app"}], "securityContext": {"runAsNonRoot": true}});
    assert_eq!(guise(shared), Guise::Target);
}

#[tokio::test(start_paused = true)]
async fn the_processes_of_a_node_are_nobodys() {
    let (published, asked) = observed(vec![], true).await;
    assert_eq!(asked, []);
    assert!(observations(&published)[0].error.contains("node"));
    assert!(processes(&published)[0].1.contains("node"));
}
