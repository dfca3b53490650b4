//! Labelled runs of one program in one file: `PROGRAM.tar.gz`, which holds its folders.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};

use anyhow::{Context as _, Result, bail};
use flate2::read::GzDecoder;
use tar::Archive;

use crate::run::{Files, Run};

/// What the name of such a file ends with.
pub const SUFFIX: &str = ".tar.gz";

/// Reads all runs of a file, by hardening and seed.
///
/// # Errors
///
/// A file that cannot be read or unpacked, or one in it that no run has, by its name.
pub fn read(path: &Path) -> Result<Vec<Run>> {
    let within = || path.display().to_string();
    unpack(File::open(path).with_context(within)?).with_context(within)
}

fn unpack(file: impl Read) -> Result<Vec<Run>> {
    let mut runs = BTreeMap::<(String, u32), BTreeMap<String, Vec<u8>>>::new();
    for entry in Archive::new(GzDecoder::new(file)).entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path()?.into_owned();
        let (run, file) = address(&name).with_context(|| name.display().to_string())?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        runs.entry(run).or_default().insert(file, content);
    }
    runs.into_iter()
        .map(|((hardening, seed), files)| {
            let within = format!("{hardening}/{seed}");
            run(hardening, seed, &files).context(within)
        })
        .collect()
}

fn run(hardening: String, seed: u32, files: &BTreeMap<String, Vec<u8>>) -> Result<Run> {
    let file = |name: &str| files.get(name).with_context(|| format!("{name} is missing"));
    let files = Files {
        meta: file("meta.json")?,
        text: file("log.txt")?,
        times: file("log.ts")?,
    };
    files.parse(hardening, seed)
}

/// Of `PROGRAM/HARDENING/SEED/FILE`, which run and which file.
fn address(path: &Path) -> Result<((String, u32), String)> {
    let parts: Vec<String> = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let [_, hardening, seed, file] = &parts[..] else {
        bail!("not PROGRAM/HARDENING/SEED/FILE");
    };
    let number = seed.parse().context("a run is named by a number")?;
    Ok(((hardening.clone(), number), file.clone()))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, Header};

    use super::*;

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, content) in files {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    const META: &str = r#"{"verdict": "degraded", "ready_s": 1.5, "died": false}"#;

    #[test]
    fn a_run_comes_out_as_it_went_in() {
        let file = packed(&[
            ("p/no-dns/2/meta.json", META),
            ("p/no-dns/2/log.txt", "a\nb\n"),
            ("p/no-dns/2/log.ts", "0.5\n1.25\n"),
            ("p/no-dns/2/metrics.csv", "t,cpu_s,rss\n"),
        ]);
        let runs = unpack(&file[..]).unwrap();
        assert_eq!((runs.len(), runs[0].hardening.as_str(), runs[0].seed), (1, "no-dns", 2));
        let lines: Vec<_> = runs[0].lines.iter().map(|line| (line.at, &line.text[..])).collect();
        assert_eq!(lines, [(0.5, &b"a"[..]), (1.25, &b"b"[..])]);
        assert!(runs[0].is_up() && !runs[0].works());
    }

    #[test]
    fn what_is_no_run_is_told_by_its_name() {
        let told = |name: &str| format!("{:#}", unpack(&packed(&[(name, META)])[..]).unwrap_err());
        assert!(told("p/none/1/meta.json").contains("none/1: log.txt is missing"));
        assert!(told("p/none/first/meta.json").contains("p/none/first/meta.json: a run is named by a number"));
        assert!(told("meta.json").contains("not PROGRAM/HARDENING/SEED/FILE"));
    }
}
