//! Which lines are one message.

use super::*;

/// The number of the group of each line.
fn groups(lines: &[&str], is_raw: bool) -> Vec<usize> {
    group(lines.iter().map(|line| line.as_bytes()), is_raw).lines
}

#[test]
fn many_words_in_one_place_are_values_and_few_are_not() {
    let names = ["root", "admin", "oracle", "test", "guest", "ftp"];
    let lines = names.map(|name| format!("Failed password for {name} from 10.0.0.1"));
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let all = group(lines, false);
    assert_eq!(all.templates, ["Failed password for <*> from <*>"]);
    let few = [
        "Block b_1 stored as bytes in memory",
        "Block b_2 stored as values in memory",
    ];
    assert_eq!(groups(&few, false), [0, 1]);
    assert_eq!(
        groups(
            &[
                "session opened for user news by (uid=0)",
                "session opened for user test by (uid=0)"
            ],
            false
        ),
        [0, 0]
    );
}

#[test]
fn paths_hosts_and_lists_are_values() {
    let one = |lines: &[&str]| assert!(groups(lines, false).iter().all(|group| *group == 0), "{lines:?}");
    one(&["deleting /srv/a/b now", "deleting /var/c now"]);
    one(&[
        "x.example.org:443 close, 17 bytes sent",
        "10.0.0.1:80 close, 17300 bytes (16.8 KB) sent",
        "y.example.com:80 close, 1 bytes sent",
    ]);
    one(&[
        "ask 10.0.0.1 to delete blk_1",
        "ask 10.0.0.2 to delete blk_-7 blk_8 blk_9",
    ]);
    one(&["nodes n-1 0x1f <ok> n-2 0x2f <ok>", "nodes n-1 0x1f <ok>"]);
}

#[test]
fn a_header_is_found_by_its_columns() {
    let one = |lines: &[&str], template: &str| {
        let all = group(lines.iter().map(|line| line.as_bytes()), true);
        assert_eq!(all.templates, [template]);
    };
    one(
        &[
            "Jun 14 15:16:01 combo su(pam_unix)[17]: up 1",
            "Jun 15 15:16:02 other kernel: up 2",
            "Jun 15 15:16:02 other -- init[1]: up 3",
        ],
        "up <*>",
    );
    one(
        &[
            "2015-10-18 18:01:47,978 INFO [main] org.example.Main: up",
            "2015-10-18 18:01:47,979 WARN [IPC handler 3 on 80] org.example.Ipc: up",
        ],
        "up",
    );
    one(
        &[
            "20171223-22:15:29:606|Step_A|300|up",
            "20171223-22:15:3:6|Step_B|301|up",
        ],
        "up",
    );
    one(
        &[
            "03-17 16:13:38.811  1702  2395 D Power: up now",
            "03-17 16:13:38.859  2227  2227 I Window: up now",
        ],
        "up now",
    );
    one(
        &["[10.30 16:49:06] a.exe - up", "[10.30 16:49:07] b.exe *64 - up"],
        "up",
    );
    one(&["up 1", "up 2"], "up <*>");
}

#[test]
fn every_line_has_a_group() {
    let all = group([b"".as_slice(), b"\xff", b"", b"\0 \r"], true);
    assert_eq!(all.lines.len(), 4);
    assert!(all.lines.iter().all(|group| *group < all.templates.len()));
    assert_eq!(group([], true), Groups::default());
}
