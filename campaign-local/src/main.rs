//! The program `campaign-local`; see [`campaign_local::program`].

use std::process::ExitCode;

fn main() -> ExitCode {
    // This executable is also the supervisor of the functions it starts.
    campaign_local::function::supervise_if_asked();
    campaign_local::program::main()
}
