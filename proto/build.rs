//! Generates the messages with a protobuf compiler written in Rust: no `protoc` is needed.

/// What the inspecting container prints, as JSON, for the worker to publish.
const PRINTED: [&str; 9] = [
    "Source",
    "Observation",
    "Task",
    "Written",
    "Holder",
    "Account",
    "Listener",
    "Place",
    "Program",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let descriptors = protox::compile(["temper/v1/recording.proto"], ["proto"])?;
    let mut config = prost_build::Config::new();
    for message in PRINTED {
        let derive = "#[derive(serde::Serialize, serde::Deserialize)] #[serde(default)]";
        config.message_attribute(format!(".temper.v1.{message}"), derive);
    }
    config.compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=proto");
    Ok(())
}
