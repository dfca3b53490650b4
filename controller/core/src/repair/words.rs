//! Repairs in words.

use super::{Fill, Repairs};

impl Repairs {
    /// One sentence for each repair, in order. Ids are part of the settings that they go with, and are not told.
    pub fn sentences(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.unprivileged_ports {
            told.push("ports below 1024 are open to every user, by a safe sysctl".to_owned());
        }
        for (name, mend) in &self.containers {
            for (path, fill) in &mend.directories {
                told.push(match fill {
                    Fill::Empty => format!("container `{name}` has an empty directory at {path}"),
                    Fill::Copied => format!("container `{name}` has a writable copy of the image's {path}"),
                });
            }
            if !mend.capabilities.is_empty() {
                let list: Vec<String> = mend.capabilities.iter().map(ToString::to_string).collect();
                told.push(format!("container `{name}` keeps {}", list.join(", ")));
            }
            if let Some(home) = &mend.home {
                told.push(format!("container `{name}` has its home at {home}"));
            }
        }
        told
    }
}
