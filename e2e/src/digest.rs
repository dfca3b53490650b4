//! Names for caches: a digest over everything that went in.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

/// A digest that grows input by input.
#[derive(Default)]
pub(crate) struct Digest(Sha256);

impl Digest {
    /// Adds a short input.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    /// Adds the content of a file; its place on this machine does not count.
    pub(crate) fn file(mut self, path: &Path) -> Result<Self> {
        let file = fs::File::open(path).with_context(|| format!("failed to open `{}`", path.display()))?;
        let size = file.metadata()?.len();
        self.0.update(size.to_le_bytes());
        io::copy(&mut io::BufReader::new(file), &mut self.0)?;
        Ok(self)
    }

    /// The first twelve hexadecimal digits, enough to tell builds apart.
    pub(crate) fn short(self) -> String {
        let mut hex = hex(&self.0.finalize());
        hex.truncate(12);
        hex
    }
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
