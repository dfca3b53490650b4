//! Measures the oracle offline: on labelled recordings, by injected changes, and for its speed.
