//! Launch and command line only.
fn main() {}
