//! Renders a HardeningReport in YAML as a page: `render REPORT.yaml > page.html`.

use std::{env, error::Error, fs, io::Write};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: render REPORT.yaml")?;
    let report = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
    std::io::stdout().write_all(temper_report::html(&report)?.as_bytes())?;
    Ok(())
}
