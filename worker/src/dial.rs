//! Connections to what runs in the clone.

use std::time::Duration;

use kube::{Client, Config};

/// The beginning of a URL: scheme, address or name, port.
pub(crate) fn base(scheme: &str, host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("{scheme}://[{host}]:{port}")
    } else {
        format!("{scheme}://{host}:{port}")
    }
}

/// A client for HTTP that follows no redirect, tries once and sends no credentials. By TLS, it takes any certificate:
/// nobody vouches for names in a clone.
pub(crate) fn client(base: &str, patience: Duration) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = Config::new(base.parse()?);
    // The worker's image has no certificates that kube could load.
    config.root_cert = Some(Vec::new());
    config.accept_invalid_certs = true;
    config.connect_timeout = Some(patience);
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}
