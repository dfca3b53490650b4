//! Writes the definitions of all kinds as YAML: `crds DIRECTORY`.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or("usage: crds DIRECTORY")?;
    fs::create_dir_all(&directory)?;
    for crd in temper_api::crds() {
        let text = format!(
            "# Generated from temper-api by `make generate`.\n{}",
            serde_saphyr::to_string(&crd)?
        );
        fs::write(directory.join(format!("{}.yaml", crd.spec.names.plural)), text)?;
    }
    Ok(())
}
