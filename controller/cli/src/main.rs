//! controller/cli
fn main() {}
