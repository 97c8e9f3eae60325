//! The program `campaign-local`, built with the tests: its `main` is the same two calls.

use std::process::ExitCode;

fn main() -> ExitCode {
    campaign_local::function::supervise_if_asked();
    campaign_local::program::main()
}
