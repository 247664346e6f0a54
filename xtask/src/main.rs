//! `cargo xtask`: everything that is done with this project besides writing it.
//!
//! A plain Rust program, so that a person needs nothing but `cargo` to build, try, test and break Kith. It never holds
//! code that the product needs, and the product never depends on it. `CONTRIBUTING.md` says when to use what.

mod architecture;
mod bench;
mod check_mobile;
mod demo;
#[path = "../../tests/support/display.rs"]
mod display;
mod e2e;
mod fuzz;
mod lab;
mod licences;
mod mutants;
mod node;
mod pictures;
mod process;
mod setup;
mod spdx;
mod test;
mod vectors;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Build, try, test and break Kith.
///
/// New here? `cargo xtask demo` opens two windows, for two people to become contacts and write to each other; `cargo xtask test --quick`
/// is what to run after a change; `cargo xtask test` is everything, as the project's CI runs it.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Open two windows, Alice's and Bob's, with her request in his; `--headless` for a story that tells itself
    Demo(demo::Args),
    /// Run every check, cheapest first; `--quick` for the inner loop
    Test(test::Args),
    /// Tell the stories of the window in Chromium
    E2e(e2e::Args),
    /// Make pictures of the window: those in the README, or of every screen
    Pictures(pictures::Args),
    /// Measure how fast it is; `--check` against the targets
    Bench(bench::Args),
    /// Two nodes in every pair of networks (`nat`), on networks that go and come (`roam`), on bad links (`loss`); three
    /// nodes that are killed again and again (`crash`); random stories of several people in a simulated world (`world`)
    Lab(lab::Args),
    /// Put known faults into a copy of the code, one at a time; each must fail a test
    Mutants(mutants::Args),
    /// Feed the parsers that face the network with generated input
    Fuzz(fuzz::Args),
    /// Type-check Kith for Android and iOS, without either's tools, and compare the files that make apps of it
    CheckMobile(check_mobile::Args),
    /// Install the system packages that the tests need (Debian, Ubuntu); elsewhere name them
    Setup,
    /// Stage of `test`: the licence and the origin of every dependency
    Licences,
    /// Stage of `test`: imports point one way, and pure code is pure
    Architecture,
    /// Stage of `test`: the independent checker reproduces the protocol's test vectors
    Vectors,
}

fn main() -> ExitCode {
    if let Some(code) = fuzz::act_as_compiler_wrapper() {
        return code;
    }
    process::end_children_on_signals();
    let done = match Cli::parse().command {
        Task::Demo(args) => demo::run(&args),
        Task::Test(args) => test::run(&args),
        Task::E2e(args) => e2e::run(&args),
        Task::Pictures(args) => pictures::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Lab(args) => lab::run(&args),
        Task::Mutants(args) => mutants::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::CheckMobile(args) => check_mobile::run(&args),
        Task::Setup => {
            setup::run(setup::For::Tests);
            Ok(true)
        }
        Task::Licences => licences::run(),
        Task::Architecture => architecture::run(),
        Task::Vectors => vectors::run(),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
