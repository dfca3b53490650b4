//! A connection by TCP.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::Answer;
use super::wanted::Tcp;

/// Connects once; why it did not pass.
pub(super) async fn ask(probe: &Tcp, host: &str) -> Result<(), String> {
    let failed = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
    let mut stream = TcpStream::connect((host, probe.port))
        .await
        .map_err(failed("no connection"))?;
    if let Some(text) = &probe.send {
        stream
            .write_all(text.as_bytes())
            .await
            .map_err(failed("nothing could be sent"))?;
    }
    let Some(wanted) = probe.expect.as_deref() else {
        return Ok(());
    };
    let mut answer = Answer::default();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).await.map_err(failed("the connection broke"))?;
        if length == 0 || answer.push(buffer.get(..length).unwrap_or_default(), Some(wanted)) {
            return answer.holds(Some(wanted));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn asked(send: Option<&str>, expect: Option<&str>) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 64];
            let length = stream.read(&mut request).await.unwrap();
            stream.write_all(&request[..length]).await.unwrap();
        });
        let own = |text: &str| text.to_owned();
        let probe = Tcp {
            port,
            service: None,
            send: send.map(own),
            expect: expect.map(own),
        };
        ask(&probe, "127.0.0.1").await
    }

    #[tokio::test]
    async fn what_is_heard_decides_where_something_is_expected() {
        assert_eq!(asked(None, None).await, Ok(()));
        assert_eq!(asked(Some("PING\r\n"), Some("PING")).await, Ok(()));
        let found = asked(Some("PING\r\n"), Some("PONG")).await.unwrap_err();
        assert_eq!(found, "the answer does not hold \"PONG\": \"PING\"");
    }

    #[tokio::test]
    async fn nobody_there_is_a_failure() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let probe = Tcp {
            port,
            service: None,
            send: None,
            expect: None,
        };
        assert!(
            ask(&probe, "127.0.0.1")
                .await
                .unwrap_err()
                .starts_with("no connection: ")
        );
    }
}
