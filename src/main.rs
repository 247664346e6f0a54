//! Launch: on a computer what the command line says, on a phone the window.

#[cfg(not(feature = "mobile"))]
mod cli;
#[cfg(not(feature = "mobile"))]
mod command;
#[cfg(feature = "mobile")]
mod phone;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(not(feature = "mobile"))]
    return command::main();
    #[cfg(feature = "mobile")]
    return phone::main();
}
