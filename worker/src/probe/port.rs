//! What a port answers to whoever comes.
//!
//! A server that speaks first is heard: of SSH the version is answered, as its server only then does what takes
//! privileges, and others are taken leave of. One that waits is asked for `/` by HTTP. What came of it is compared with
//! the baselines, and nothing is expected.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a server that speaks first may take to do so.
const GREETING: Duration = Duration::from_secs(2);

/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(4);

/// How long the rest of a line may take.
const REST: Duration = Duration::from_millis(200);

/// Bytes of an answer that are looked at.
const LONGEST: usize = 512;

const SSH: &[u8] = b"SSH-";
const VERSION: &[u8] = b"SSH-2.0-Temper\r\n";
const LEAVE: &[u8] = b"QUIT\r\n";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: temper\r\nConnection: close\r\n\r\n";

/// Who calls at one port.
pub(super) struct Caller<'a> {
    host: &'a str,
    port: u16,
    /// The server waits until it is spoken to: no greeting is waited for again.
    waits: bool,
    /// How often somebody was there.
    pub(super) connections: u32,
}

impl<'a> Caller<'a> {
    pub(super) fn new(host: &'a str, port: u16) -> Self {
        Self {
            host,
            port,
            waits: false,
            connections: 0,
        }
    }

    /// Connects once: the code of the answer, if it has one, or why there was none.
    pub(super) async fn call(&mut self) -> Result<Option<u16>, String> {
        let connected = timeout(ANSWER, TcpStream::connect((self.host, self.port))).await;
        let mut stream = connected
            .map_err(|_| "no connection within some seconds".to_owned())?
            .map_err(|error| format!("no connection: {error}"))?;
        self.connections += 1;
        if !self.waits
            && let Ok(greeting) = timeout(GREETING, hear(&mut stream)).await
        {
            let greeting = greeting?;
            if greeting.starts_with(SSH) {
                say(&mut stream, VERSION).await?;
                // Some go on before they are answered.
                if greeting.ends_with(b"\n") {
                    heard(&mut stream).await?;
                }
            } else {
                // Whether it is heard makes no difference.
                let _ = stream.write_all(LEAVE).await;
            }
            return Ok(code(&greeting));
        }
        say(&mut stream, REQUEST).await?;
        let answer = heard(&mut stream).await?;
        if answer.starts_with(SSH) {
            return Err("it greeted late".to_owned());
        }
        self.waits = true;
        Ok(code(&answer))
    }
}

async fn say(stream: &mut TcpStream, text: &[u8]) -> Result<(), String> {
    let said = stream.write_all(text).await;
    said.map_err(|error| format!("the connection broke: {error}"))
}

async fn heard(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let late = |_| Err("nothing was answered".to_owned());
    timeout(ANSWER, hear(stream)).await.unwrap_or_else(late)
}

/// The first bytes that come, and what soon follows of their line.
async fn hear(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let mut answer = Vec::with_capacity(LONGEST);
    let first = stream.read_buf(&mut answer).await;
    if first.map_err(|error| format!("the connection broke: {error}"))? == 0 {
        return Err("the connection was closed without an answer".to_owned());
    }
    while answer.len() < LONGEST && !answer.contains(&b'\n') {
        match timeout(REST, stream.read_buf(&mut answer)).await {
            Ok(Ok(more)) if more > 0 => {}
            _ => break,
        }
    }
    Ok(answer)
}

/// The status of HTTP, or the three digits that begin the replies of many other protocols.
fn code(answer: &[u8]) -> Option<u16> {
    let answer = match answer.strip_prefix(b"HTTP/") {
        Some(rest) => rest.splitn(2, |byte| *byte == b' ').nth(1)?,
        None => answer,
    };
    let (digits, rest) = answer.split_at_checked(3)?;
    let ends = rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let number = std::str::from_utf8(digits).ok().filter(|_| ends)?.parse().ok()?;
    (100..600).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// What is made of a server that says these, the latter after something was said to it, and what that was.
    async fn asked(greeting: &'static str, answer: &'static str) -> (Result<Option<u16>, String>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting.as_bytes()).await.unwrap();
            let mut said = vec![0; 512];
            let length = stream.read(&mut said).await.unwrap();
            said.truncate(length);
            stream.write_all(answer.as_bytes()).await.unwrap();
            said
        });
        let found = Caller::new("127.0.0.1", port).call().await;
        (found, server.await.unwrap())
    }

    #[tokio::test]
    async fn who_waits_is_asked_and_who_greets_is_heard() {
        let closed = Err("the connection was closed without an answer".to_owned());
        for (greeting, answer, found, said) in [
            ("", "HTTP/1.1 403 Forbidden\r\n\r\n", Ok(Some(403)), REQUEST),
            ("", "-ERR unknown command\r\n", Ok(None), REQUEST),
            ("", "", closed.clone(), REQUEST),
            ("220 mail ready\r\n", "221 bye\r\n", Ok(Some(220)), LEAVE),
            ("500 OOPS: cannot chroot\r\n", "", Ok(Some(500)), LEAVE),
            ("SSH-2.0-OpenSSH_9.2\r\n", "keys", Ok(None), VERSION),
            ("SSH-2.0-OpenSSH_9.2\r\n", "", closed, VERSION),
            ("SSH-2.0-dropbear\r\nkeys", "", Ok(None), VERSION),
        ] {
            assert_eq!(
                asked(greeting, answer).await,
                (found, said.to_vec()),
                "{greeting}{answer}"
            );
        }
    }

    #[tokio::test]
    async fn a_line_that_comes_in_pieces_is_one_and_who_waits_once_is_not_waited_for_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 512];
                let length = stream.read(&mut request).await.unwrap();
                assert!(request[..length].starts_with(b"GET / "));
                stream.write_all(b"HTTP/1.1 ").await.unwrap();
                tokio::task::yield_now().await;
                stream.write_all(b"500 no\r\n").await.unwrap();
            }
        });
        let mut caller = Caller::new("127.0.0.1", port);
        assert_eq!(caller.call().await, Ok(Some(500)));
        assert_eq!(caller.call().await, Ok(Some(500)));
        assert_eq!((caller.connections, caller.waits), (2, true));
        server.await.unwrap();
        assert!(caller.call().await.unwrap_err().starts_with("no connection: "));
        assert_eq!(caller.connections, 2);
    }

    #[test]
    fn a_code_is_three_digits_by_themselves() {
        assert_eq!(code(b"HTTP/1.0 200 OK"), Some(200));
        assert_eq!(code(b"220-two lines"), Some(220));
        for none in [
            &b"2200 x"[..],
            b"\x00\x01\x02\x03",
            b"HTTP/1.1",
            b"999 x",
            b"12",
            b"220x",
        ] {
            assert_eq!(code(none), None, "{none:?}");
        }
    }
}
