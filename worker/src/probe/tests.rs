use std::sync::atomic::{AtomicU32, Ordering};

use temper_proto::v1::{PodState, ProbeMode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::publish::Outgoing;

/// A server whose first answers, this many, are errors; its port.
async fn server(errors: u32) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = AtomicU32::new(0);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = if count.fetch_add(1, Ordering::Relaxed) < errors {
                "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 17\r\n\r\ntoken hunter2-xyz"
            } else {
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

fn http(mode: &str, port: u16) -> String {
    let ask = format!(r#""http":{{"port":{port},"path":"/","scheme":"Http"}}"#);
    format!(r#"{{"name":"get","mode":"{mode}","periodSeconds":1,"timeoutSeconds":3,{ask}}}"#)
}

struct Recording {
    stage: watch::Sender<Stage>,
    told: mpsc::Receiver<Outgoing>,
    targets: watch::Sender<Vec<Sampled>>,
    task: tokio::task::JoinHandle<()>,
}

impl Recording {
    /// Of one Pod on this machine.
    fn begin(probe: &str) -> Self {
        Self::with(probe, &[])
    }

    /// Of one whose Pod declares ports.
    fn with(probe: &str, ports: &[u16]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pod = Sampled {
            ip: Some("127.0.0.1".to_owned()),
            ports: ports.iter().copied().collect(),
            pod: PodState {
                pod: "web-1".to_owned(),
                phase: "Running".to_owned(),
                ..PodState::default()
            },
            ..Sampled::default()
        };
        let not_there = Sampled {
            ip: None,
            ..pod.clone()
        };
        let (publisher, told) = Publisher::queue();
        let stage = watch::Sender::new(Stage::Waiting);
        let targets = watch::Sender::new(vec![pod, not_there]);
        let redactor = Redactor::new([b"hunter2-xyz".as_slice()]).unwrap();
        let prober = Prober {
            client: crate::dial::client("http://127.0.0.1:1", Duration::from_secs(1)).unwrap(),
            namespace: "clone".to_owned(),
            publisher,
            redactor: watch::Sender::new(Arc::new(redactor)).subscribe(),
            targets: targets.subscribe(),
            stage: stage.subscribe(),
            duration: Duration::from_mins(1),
        };
        let task = tokio::spawn(prober.probe(format!("[{probe}]").parse().unwrap(), true));
        Self {
            stage,
            told,
            targets,
            task,
        }
    }

    async fn next(&mut self) -> Option<(ProbeMode, bool, String)> {
        let outgoing = self.told.recv().await?;
        assert!(outgoing.part.starts_with("probe/get/web-1/"), "{}", outgoing.part);
        let Some(Body::Probe(probe)) = outgoing.chunk.body else {
            unreachable!()
        };
        assert_eq!(probe.name, "get");
        Some((probe.mode(), probe.passed, probe.message))
    }

    fn is_silent(&mut self) -> bool {
        self.told.try_recv().is_err()
    }
}

#[tokio::test]
async fn a_continuous_probe_goes_on_until_the_recording_is_over() {
    let mut recording = Recording::begin(&http("Continuous", server(1).await));
    assert!(recording.is_silent());
    recording.stage.send_replace(Stage::Ready);
    let (mode, passed, message) = recording.next().await.unwrap();
    assert_eq!((mode, passed), (ProbeMode::Continuous, false));
    assert_eq!(
        message,
        "status 500 Internal Server Error instead of one from 200 to 399: \"token [redacted]\""
    );
    assert_eq!(
        recording.next().await,
        Some((ProbeMode::Continuous, true, String::new()))
    );
    recording.stage.send_replace(Stage::Ending);
    recording.task.await.unwrap();
}

#[tokio::test]
async fn a_probe_at_the_start_has_some_time_to_pass() {
    let mut recording = Recording::begin(&http("Start", server(1).await));
    recording.stage.send_replace(Stage::Ready);
    assert_eq!(recording.next().await, Some((ProbeMode::Start, true, String::new())));
    recording.task.await.unwrap();
    assert_eq!(
        recording.told.recv().await.map(|outgoing| outgoing.part),
        None,
        "told once"
    );
}

#[tokio::test]
async fn a_probe_at_the_start_that_does_not_pass_ends_with_the_recording() {
    let mut recording = Recording::begin(&http("Start", server(u32::MAX).await));
    recording.stage.send_replace(Stage::Ready);
    tokio::task::yield_now().await;
    recording.stage.send_replace(Stage::Ending);
    let (mode, passed, _) = recording.next().await.unwrap();
    assert_eq!((mode, passed), (ProbeMode::Start, false));
    recording.task.await.unwrap();
}

#[tokio::test]
async fn a_probe_at_the_end_waits_for_it() {
    let mut recording = Recording::begin(&http("End", server(0).await));
    recording.stage.send_replace(Stage::Ready);
    tokio::task::yield_now().await;
    assert!(recording.is_silent());
    recording.stage.send_replace(Stage::Ending);
    assert_eq!(recording.next().await, Some((ProbeMode::End, true, String::new())));
    recording.task.await.unwrap();
}

#[tokio::test]
async fn a_job_that_cannot_be_started_is_a_failure() {
    let probe = r#"{"name":"get","mode":"End","periodSeconds":1,"timeoutSeconds":3,"job":{}}"#;
    let mut recording = Recording::begin(probe);
    recording.stage.send_replace(Stage::Ending);
    let Some(Body::Probe(probe)) = recording.told.recv().await.unwrap().chunk.body else {
        unreachable!()
    };
    assert!(
        !probe.passed && probe.message.starts_with("the Job could not be started: "),
        "{}",
        probe.message
    );
}

#[tokio::test]
async fn a_port_is_asked_until_it_answers_well_and_told_once() {
    let port = server(2).await;
    let mut recording = Recording::with("", &[port]);
    assert!(recording.is_silent());
    recording.stage.send_replace(Stage::Ready);
    let told = recording.told.recv().await.unwrap();
    let Some(Body::Probe(probe)) = told.chunk.body else {
        unreachable!()
    };
    assert_eq!(
        (probe.name, probe.passed, probe.code),
        (format!("port {port}"), true, 200)
    );
    assert_eq!(probe.port, u32::from(port));
    recording.task.await.unwrap();
    assert!(recording.told.recv().await.is_none());
}

#[tokio::test]
async fn where_nobody_runs_nobody_is_waited_for_beyond_the_recording() {
    let mut recording = Recording::with(&http("Start", server(0).await), &[80]);
    recording.targets.send_replace(Vec::new());
    recording.stage.send_replace(Stage::Ready);
    tokio::task::yield_now().await;
    assert!(!recording.task.is_finished(), "a Pod may yet be seen");
    recording.stage.send_replace(Stage::Ending);
    recording.task.await.unwrap();
    assert!(recording.told.recv().await.is_none());
}
