//! Renders a HardeningReport in YAML: `render html|markdown|json REPORT.yaml`. `render schema` is the JSON Schema, and
//! `render settings` the manual's page of settings.

use std::{env, error::Error, fs, io::Write};

const USAGE: &str = "usage: render html|markdown|json REPORT.yaml, render schema, or render settings";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let read = |path: &str| -> Result<_, Box<dyn Error>> { Ok(serde_saphyr::from_str(&fs::read_to_string(path)?)?) };
    let text = match words.as_slice() {
        ["html", path] => temper_report::html(&read(path)?)?,
        ["markdown", path] => temper_report::markdown(&read(path)?)?,
        ["json", path] => temper_report::json(&read(path)?)?,
        ["schema"] => temper_report::json_schema()?,
        ["settings"] => temper_report::settings_page(),
        _ => return Err(USAGE.into()),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
