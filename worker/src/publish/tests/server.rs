//! A nats-server of our own, on a free port, with a store that it can lose.

use std::path::PathBuf;
use std::process::Stdio;

use async_nats::jetstream::stream::{Config, StorageType, Stream};
use async_nats::jetstream::{self, context::PublishErrorKind};
use temper_e2e::tools::Tool;
use temper_proto::{STREAM, subject};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Each takes at most the five seconds that a client waits for an answer.
const TRIES: u32 = 12;

pub(super) struct Server {
    program: PathBuf,
    store: TempDir,
    port: u16,
    process: Child,
    client: async_nats::Client,
}

impl Server {
    pub(super) async fn start() -> Self {
        // Built from its module, once per version and machine.
        let program = Tool::NatsServer.build().await.unwrap().join("nats-server");
        let store = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let process = run(&program, &store, port);
        let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
        let client = options.connect(format!("nats://127.0.0.1:{port}")).await.unwrap();
        Self {
            program,
            store,
            port,
            process,
            client,
        }
    }

    /// Ends it as a crash of its node's container runtime would.
    pub(super) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    pub(super) fn start_again(&mut self) {
        self.process = run(&self.program, &self.store, self.port);
    }

    pub(super) fn lose_store(&mut self) {
        self.store = tempfile::tempdir().unwrap();
    }

    pub(super) fn jetstream(&self) -> jetstream::Context {
        jetstream::new(self.client.clone())
    }

    /// The stream as the controller makes it.
    pub(super) async fn stream(&self) -> Stream {
        let jetstream = self.jetstream();
        let mut tries = 0..TRIES;
        loop {
            let config = Config {
                name: STREAM.to_owned(),
                subjects: vec![format!("{}.>", subject::PREFIX)],
                storage: StorageType::File,
                ..Config::default()
            };
            // A server that starts answers late, and one that was killed never answers what it was asked.
            match jetstream.get_or_create_stream(config).await {
                Ok(stream) => return stream,
                Err(error) => assert!(tries.next().is_some(), "nats-server gives no stream: {error}"),
            }
        }
    }

    /// Returns once it answers that it has no stream.
    pub(super) async fn refuses(&self) {
        let jetstream = self.jetstream();
        let mut tries = 0..TRIES;
        loop {
            let sent = jetstream.publish(format!("{}.probe", subject::PREFIX), "".into());
            match sent.await.unwrap().await {
                Err(error) if error.kind() == PublishErrorKind::StreamNotFound => return,
                other => assert!(
                    other.is_err() && tries.next().is_some(),
                    "nats-server answers {other:?}"
                ),
            }
        }
    }
}

fn run(program: &PathBuf, store: &TempDir, port: u16) -> Child {
    Command::new(program)
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
        .arg(store.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}
