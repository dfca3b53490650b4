//! What an empty volume in the place of a directory would lack.

use temper_proto::v1;

use super::MAX_PATH;
use super::scan::Scan;

/// Files and directories of one directory that are counted.
const MAX_ENTRIES: u64 = 4096;

/// Counts what the image has in a directory, however deep, as far as it is as the image has it.
pub(super) fn of_image(scan: &Scan<'_>, directory: &str) -> v1::Holder {
    let mut holder = v1::Holder {
        path: directory.to_owned(),
        ..v1::Holder::default()
    };
    let mut visited = 0;
    let mut next = vec![directory.to_owned()];
    while let Some(directory) = next.pop() {
        for (path, entry) in scan.entries(&directory) {
            visited += 1;
            if visited > MAX_ENTRIES {
                holder.cut = true;
                return holder;
            }
            let Ok(found) = entry.metadata() else { continue };
            // The runtime makes what is above a mount point, if the image has it not.
            if scan.is_of_image(&found) && !scan.is_above_a_mount(&path) {
                holder.image_entries += 1;
                holder.image_bytes += if found.is_file() { found.len() } else { 0 };
            }
            if found.is_dir() && path.len() <= MAX_PATH {
                next.push(path);
            }
        }
    }
    holder
}
