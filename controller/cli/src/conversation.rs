//! An API server that says what a test tells it to, over real HTTP.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use kube::{Client, Config};
use serde_json::{Value, json};
use temper_api::WorkloadHardeningCheck;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::cluster::Cluster;

/// The first words of a request: `GET checks/nginx`, `LIST checks`, `WATCH checks`, `GET reports/nginx`.
type Words = &'static str;

/// One answer; each is given once, in any order.
pub(crate) enum Answer {
    /// Status code and body.
    Once(u16, Value),
    /// Events of a watch, which then stays open.
    Watch(Vec<Value>),
}

/// A cluster that gives these answers and what is not yet answered.
pub(crate) async fn cluster(script: Vec<(Words, Answer)>) -> (Cluster, Script) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let script = Script {
        answers: Arc::new(Mutex::new(script)),
        asked: Arc::default(),
    };
    let answers = script.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream, answers.clone()));
        }
    });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = Config::new(format!("http://{address}").parse().unwrap());
    config.default_retry = false;
    (
        Cluster::new(Client::try_from(config).unwrap(), "web".to_owned()),
        script,
    )
}

/// The answers that were not yet asked for, and what was.
#[derive(Clone)]
pub(crate) struct Script {
    answers: Arc<Mutex<Vec<(Words, Answer)>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request: its first words, its query and its body.
type Asked = (String, String, Value);

impl Script {
    /// Whether every request was made.
    pub(crate) fn is_over(&self) -> bool {
        self.answers.lock().unwrap().is_empty()
    }

    /// Query and body of the request with these words; it panics if there was none.
    pub(crate) fn sent(&self, words: &str) -> (String, Value) {
        let asked = self.asked.lock().unwrap();
        let (_, query, body) = asked
            .iter()
            .find(|(asked, ..)| asked == words)
            .unwrap_or_else(|| panic!("nobody asked `{words}`"));
        (query.clone(), body.clone())
    }

    fn take(&self, asked: Asked) -> Option<Answer> {
        let mut script = self.answers.lock().unwrap();
        let index = script.iter().position(|(words, _)| *words == asked.0);
        self.asked.lock().unwrap().push(asked);
        Some(script.remove(index?).1)
    }
}

async fn answer(mut stream: TcpStream, script: Script) {
    let asked = read(&mut stream).await;
    let words = asked.0.clone();
    let (code, body, open) = match script.take(asked) {
        Some(Answer::Once(code, body)) => (code, body.to_string(), false),
        Some(Answer::Watch(events)) => (
            200,
            events
                .iter()
                .flat_map(|event| [event.to_string(), "\n".to_owned()])
                .collect(),
            true,
        ),
        None => (
            500,
            failure(500, &format!("nobody expected `{words}`"), "").to_string(),
            false,
        ),
    };
    let head = format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    if open {
        std::future::pending::<()>().await;
    }
}

/// Reads one request and puts it into words.
async fn read(stream: &mut TcpStream) -> Asked {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0_usize) || read == 0 {
            return asked(head, serde_json::from_str(body).unwrap_or_default());
        }
    }
}

fn asked(head: &str, body: Value) -> Asked {
    let mut line = head.split(' ');
    let (method, url) = (line.next().unwrap(), line.next().unwrap());
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let object = path.rsplit_once("/namespaces/web/").map_or(path, |(_, object)| object);
    let object = object
        .replace("workloadhardeningchecks", "checks")
        .replace("hardeningreports", "reports");
    let verb = match method {
        "GET" if query.contains("watch=true") => "WATCH",
        "GET" if !object.contains('/') => "LIST",
        method => method,
    };
    (format!("{verb} {object}"), query.to_owned(), body)
}

/// A failure as the API server words it. Without a name it does not know the kind.
pub(crate) fn failure(code: u16, reason: &str, name: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": format!("{reason}: {name}"),
        "reason": reason, "code": code, "details": {"name": name, "group": "temper.dev", "kind": "x"},
    })
}

/// A list of checks.
pub(crate) fn list(checks: &[&WorkloadHardeningCheck]) -> Value {
    json!({
        "apiVersion": "temper.dev/v1alpha1", "kind": "WorkloadHardeningCheckList",
        "metadata": {"resourceVersion": "1"}, "items": checks,
    })
}

/// An event of a watch.
pub(crate) fn event(kind: &str, check: &WorkloadHardeningCheck) -> Value {
    json!({"type": kind, "object": check})
}
