//! The wire against a real server, which dies while messages are on their way.

mod server;

use std::collections::BTreeSet;

use temper_core::recording::{self, Mark, Missing, Sample};
use temper_proto::subject::attempt_of;
use temper_proto::v1::{self, LogLine, LogLines, Moment, Source};

use super::*;
use server::Server;

/// More than the queue holds: who has sent them knows that some of them are in the stream.
const MANY: u64 = 60;

fn publisher(server: &Server, attempt: u32) -> (Publisher, tokio::task::JoinHandle<Tally>) {
    let recording = Recording::new("check", "baseline-1", "run", attempt).unwrap();
    Publisher::start(server.jetstream(), recording, None)
}

/// Sends a line for each position, in a chunk of its own.
async fn send(publisher: &Publisher, positions: std::ops::Range<u64>) {
    for first in positions {
        let logs = LogLines {
            source: Some(Source::default()),
            first,
            lines: vec![LogLine::default()],
            origin_nanos: 1,
        };
        publisher
            .send(Kind::Logs, format!("log/{first}"), Body::Logs(logs))
            .await;
    }
}

async fn mark(publisher: &Publisher, attempt: u32, moment: Moment) {
    let mark = v1::Mark {
        moment: moment.into(),
        ..v1::Mark::default()
    };
    let part = format!("mark/{attempt}/{}", moment.as_str_name());
    publisher.send(Kind::Mark, part, Body::Mark(mark)).await;
}

/// Folds what the stream holds as the controller does; also the positions of all lines in their order.
async fn fold(server: &Server) -> (recording::Recording, Vec<u64>) {
    let mut stream = server.stream().await;
    let state = stream.info().await.unwrap().state.clone();
    let (mut recording, mut positions) = (recording::Recording::new("clone"), Vec::new());
    for sequence in state.first_sequence..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let attempt = attempt_of(&message.subject).unwrap();
        recording.received(attempt, sequence);
        match Chunk::decode(message.payload).unwrap().body {
            Some(Body::Logs(logs)) => positions.push(logs.first),
            Some(Body::Mark(mark)) => recording.fold(Sample::Mark(Mark {
                moment: recording::Moment::Complete,
                time_nanos: mark.time_nanos,
                message: mark.message,
                published: mark.published,
                lost: mark.lost,
                attempt,
            })),
            other => assert_eq!(other, None, "nobody sent this"),
        }
    }
    (recording, positions)
}

fn all(count: u64) -> Vec<u64> {
    (0..count).collect()
}

#[tokio::test]
async fn a_server_that_is_killed_and_keeps_its_store_loses_and_doubles_nothing() {
    let mut server = Server::start().await;
    server.stream().await;
    let (publisher, emptied) = publisher(&server, 1);
    send(&publisher, 0..MANY).await;
    server.kill().await;
    let rest = async {
        send(&publisher, MANY..2 * MANY).await;
        mark(&publisher, 1, Moment::Complete).await;
        drop(publisher);
    };
    let (tally, ()) = tokio::join!(
        async {
            server.start_again();
            emptied.await.unwrap()
        },
        rest
    );
    assert_eq!((tally.published, tally.lost), (2 * MANY + 1, 0));
    let (recording, positions) = fold(&server).await;
    assert_eq!(positions, all(2 * MANY));
    assert_eq!(recording.missing(), None);
}

#[tokio::test]
async fn a_server_that_lost_its_store_is_published_to_and_told_apart() {
    let mut server = Server::start().await;
    server.stream().await;
    let (publisher, emptied) = publisher(&server, 1);
    send(&publisher, 0..MANY).await;
    server.kill().await;
    server.lose_store();
    server.start_again();
    let rest = async {
        send(&publisher, MANY..2 * MANY).await;
        mark(&publisher, 1, Moment::Complete).await;
        drop(publisher);
    };
    let mended = async {
        server.refuses().await;
        server.stream().await;
        emptied.await.unwrap()
    };
    let (tally, ()) = tokio::join!(mended, rest);
    assert_eq!((tally.published, tally.lost), (2 * MANY + 1, 0));
    let (recording, positions) = fold(&server).await;
    assert!(positions.len() < all(2 * MANY).len() && positions.ends_with(&[2 * MANY - 1]));
    assert_eq!(recording.missing(), Some(Missing::Gone));
}

#[tokio::test]
async fn a_replacing_worker_doubles_nothing_and_counts_only_its_own() {
    let server = Server::start().await;
    server.stream().await;
    let (first, emptied) = publisher(&server, 1);
    send(&first, 0..MANY).await;
    drop(first);
    assert_eq!(emptied.await.unwrap().published, MANY);
    let (second, emptied) = publisher(&server, 2);
    send(&second, 0..MANY + 7).await;
    mark(&second, 2, Moment::Complete).await;
    drop(second);
    assert_eq!(emptied.await.unwrap().published, 7 + 1);
    let (recording, positions) = fold(&server).await;
    assert_eq!(positions, all(MANY + 7));
    assert_eq!(positions.iter().collect::<BTreeSet<_>>().len(), positions.len());
    assert_eq!(recording.missing(), None);
}

#[tokio::test]
async fn what_nats_does_not_take_is_given_up_and_told() {
    let server = Server::start().await;
    server.stream().await;
    let (publisher, emptied) = publisher(&server, 1);
    let huge = LogLines {
        lines: vec![LogLine {
            text: vec![b'x'; 2 * 1024 * 1024],
            ..LogLine::default()
        }],
        ..LogLines::default()
    };
    publisher.send(Kind::Logs, "huge".into(), Body::Logs(huge)).await;
    mark(&publisher, 1, Moment::Complete).await;
    drop(publisher);
    let tally = emptied.await.unwrap();
    assert_eq!((tally.published, tally.lost), (1, 1));
    assert_eq!(fold(&server).await.0.missing(), Some(Missing::Lost(None)));
}
