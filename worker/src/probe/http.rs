//! A request by HTTP.

use http_body_util::BodyExt as _;
use kube::client::Body;

use super::answer::Answer;
use super::wanted::Http;
use crate::dial;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Asks once, over a connection of its own; why it did not pass.
pub(super) async fn ask(probe: &Http, host: &str, patience: std::time::Duration) -> std::result::Result<(), String> {
    let (status, mut answer) = exchange(probe, host, patience).await.map_err(|error| chain(&*error))?;
    let is_wanted = match probe.expect_status {
        Some(wanted) => status.as_u16() == wanted,
        None => (200..400).contains(&status.as_u16()),
    };
    if !is_wanted {
        let wanted = probe
            .expect_status
            .map_or_else(|| "one from 200 to 399".to_owned(), |wanted| wanted.to_string());
        return Err(format!("status {status} instead of {wanted}: {}", answer.quote()));
    }
    answer.holds(probe.expect_body.as_deref())
}

async fn exchange(probe: &Http, host: &str, patience: std::time::Duration) -> Result<(http::StatusCode, Answer)> {
    let base = dial::base(probe.scheme.as_str(), host, probe.port);
    let client = dial::client(&base, patience)?;
    let mut request = http::Request::get(&probe.path).header(http::header::CONNECTION, "close");
    if let Some(host) = &probe.host {
        request = request.header(http::header::HOST, host);
    }
    for header in &probe.headers {
        request = request.header(&header.name, &header.value);
    }
    let response = client.send(request.body(Body::empty())?).await?;
    let status = response.status();
    let mut answer = Answer::default();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        let is_enough = frame
            .data_ref()
            .is_some_and(|data| answer.push(data, probe.expect_body.as_deref()));
        if is_enough {
            break;
        }
    }
    Ok((status, answer))
}

/// An error with its causes, without what repeats.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::probe::wanted::{Header, Scheme};

    /// What a probe finds where this is answered, and what was asked.
    async fn asked(probe: Http, answer: &'static str) -> (std::result::Result<(), String>, String) {
        // kube wants one, whatever the address.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            request.truncate(length);
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        });
        let found = ask(&Http { port, ..probe }, "127.0.0.1", Duration::from_secs(5)).await;
        (found, served.await.unwrap())
    }

    fn probe() -> Http {
        Http {
            port: 0,
            path: "/cgi-bin/write?x=1".to_owned(),
            scheme: Scheme::Http,
            service: None,
            host: None,
            headers: Vec::new(),
            expect_status: None,
            expect_body: None,
        }
    }

    const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nwritten";
    const BAD: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 14\r\n\r\nread-only root";
    /// As a server of HTTP/1.0 has it: the answer ends with the connection.
    const OLD: &str = "HTTP/1.0 200 OK\r\n\r\nwritten";

    #[tokio::test]
    async fn status_and_body_decide() {
        assert_eq!(asked(probe(), GOOD).await.0, Ok(()));
        assert_eq!(asked(probe(), OLD).await.0, Ok(()));
        let found = asked(probe(), BAD).await.0.unwrap_err();
        assert_eq!(
            found,
            "status 500 Internal Server Error instead of one from 200 to 399: \"read-only root\""
        );
        let wanted = || Http {
            expect_status: Some(500),
            ..probe()
        };
        assert_eq!(asked(wanted(), BAD).await.0, Ok(()));
        assert!(asked(wanted(), GOOD).await.0.is_err());
        let body = |text: &str| Http {
            expect_body: Some(text.to_owned()),
            ..probe()
        };
        assert_eq!(asked(body("written"), GOOD).await.0, Ok(()));
        let found = asked(body("stored"), GOOD).await.0.unwrap_err();
        assert_eq!(found, "the answer does not hold \"stored\": \"written\"");
    }

    #[tokio::test]
    async fn it_asks_as_it_is_told() {
        let probe = Http {
            host: Some("shop.example".to_owned()),
            headers: vec![Header {
                name: "X-Token".to_owned(),
                value: "t".to_owned(),
            }],
            ..probe()
        };
        let request = asked(probe, GOOD).await.1.to_lowercase();
        assert!(request.starts_with("get /cgi-bin/write?x=1 http/1.1\r\n"), "{request}");
        assert!(request.contains("\r\nhost: shop.example\r\n"), "{request}");
        assert!(request.contains("\r\nx-token: t\r\n"), "{request}");
    }

    #[tokio::test]
    async fn nobody_there_is_a_failure() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let found = ask(&Http { port, ..probe() }, "127.0.0.1", Duration::from_secs(5)).await;
        assert!(found.unwrap_err().contains("refused"));
    }
}
