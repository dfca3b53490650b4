//! Ports that somebody in the Pod's network namespace listens on, from `/proc/net`.

use std::path::Path;

use temper_proto::v1;

/// States of a socket, as the kernel numbers them: a TCP socket that listens, a UDP socket without a peer.
const LISTEN: &str = "0A";
const UNCONNECTED: &str = "07";

/// Where the ports begin that the kernel gives to those who ask for none, unless the namespace says otherwise.
const EPHEMERAL: u32 = 32_768;

/// A port, and the inode of the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) listener: v1::Listener,
    pub(super) inode: u64,
}

/// All ports that are listened on, low ones first. A UDP port that the kernel chose is one of a client.
pub(super) fn read(proc: &Path) -> Vec<Found> {
    let table = |name: &str| std::fs::read_to_string(proc.join("net").join(name)).unwrap_or_default();
    let range = std::fs::read_to_string(proc.join("sys/net/ipv4/ip_local_port_range")).unwrap_or_default();
    let ephemeral = range.split_whitespace().next().and_then(|first| first.parse().ok());
    let ephemeral = ephemeral.unwrap_or(EPHEMERAL);
    let mut found: Vec<Found> = ["tcp", "tcp6"]
        .iter()
        .flat_map(|name| parse(&table(name), false))
        .collect();
    let datagrams = ["udp", "udp6"].iter().flat_map(|name| parse(&table(name), true));
    found.extend(datagrams.filter(|found| found.listener.port < ephemeral));
    found.sort_by_key(|found| found.listener.port);
    found
}

/// Lines of a table: `sl local_address rem_address st queues timer retransmits uid timeout inode …`
fn parse(table: &str, udp: bool) -> Vec<Found> {
    let wanted = if udp { UNCONNECTED } else { LISTEN };
    let line = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, port) = fields.get(1)?.rsplit_once(':')?;
        let port = u32::from(u16::from_str_radix(port, 16).ok()?);
        (*fields.get(3)? == wanted && port > 0).then_some(())?;
        Some(Found {
            listener: v1::Listener {
                udp,
                port,
                uid: fields.get(7)?.parse().ok()?,
                held: false,
            },
            inode: fields.get(9)?.parse().ok()?,
        })
    };
    table.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 35001 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000000000000:A3F2 0000000000000000FFFF00000100007F:0050 01 00000000:00000000 00:00000000 00000000   101        0 35002 1 0000000000000000 20 4 30 10 -1
   broken
";
    const UDP: &str = "\
   1: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 99 2 0000000000000000 0
";

    #[test]
    fn who_listens_is_read_and_who_is_connected_is_not() {
        let found = |udp, port, uid, inode| Found {
            listener: v1::Listener {
                udp,
                port,
                uid,
                held: false,
            },
            inode,
        };
        assert_eq!(parse(TCP6, false), [found(false, 80, 101, 35_001)]);
        assert_eq!(parse(UDP, true), [found(true, 53, 0, 99)]);
        assert_eq!(parse(UDP, false), []);
    }

    #[test]
    fn our_own_socket_is_found() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = u32::from(socket.local_addr().unwrap().port());
        let found = read(Path::new("/proc"));
        assert!(
            found
                .iter()
                .any(|found| found.listener.port == port && !found.listener.udp)
        );
    }
}
