//! What can go wrong between a report and its text.

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no patch in it, or what it proposes was not verified.
    #[error("nothing was verified for {target}: {outcome}")]
    NothingVerified {
        /// The target as Kind/name.
        target: String,
        /// Why the check ended.
        outcome: String,
    },
    /// YAML could not be written.
    #[error("failed to write `{what}` as YAML")]
    Yaml {
        /// The field.
        what: &'static str,
        /// Why.
        source: serde_saphyr::ser::Error,
    },
    /// JSON could not be written.
    #[error("failed to write the {what} as JSON")]
    Json {
        /// What.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A curve could not be drawn.
    #[error("failed to plot `{metric}` of container `{container}`")]
    Plot {
        /// The metric.
        metric: String,
        /// The container.
        container: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
