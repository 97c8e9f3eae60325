//! The environment of a function's program.

use campaign_fc::Credentials;
use secrecy::ExposeSecret as _;
use tokio::process::Command;

use super::options::HostOptions;
use super::spec::{FunctionSpec, Process};

/// What a program needs of our environment to run at all. Nothing else is handed on: our keys are
/// not the function's.
const INHERITED: [&str; 11] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TZ",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "SystemRoot",
    "TEMP",
];

/// Sets the environment: ours as far as needed, Function Compute's ("Environment variables of
/// custom runtimes"), then the function's own.
pub(super) fn set(command: &mut Command, spec: &FunctionSpec, process: &Process, options: &HostOptions, port: u16) {
    command.env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("FC_SERVER_PORT", port.to_string())
        .env("FC_CUSTOM_LISTEN_PORT", port.to_string())
        .env("FC_LISTEN_HOST", "127.0.0.1")
        .env("FC_ACCOUNT_ID", &options.account_id)
        .env("FC_REGION", &options.region)
        .env("FC_FUNCTION_NAME", &spec.name)
        .env("FC_FUNCTION_HANDLER", "index.handler")
        .env("FC_FUNCTION_MEMORY_SIZE", spec.memory_mb.to_string())
        .env("FC_TIMEOUT", spec.timeout.as_secs().to_string())
        .env("FC_INSTANCE_ID", format!("c-{port:08x}"))
        .env("FC_RUNTIME", "custom.debian12");
    if let Some(keys) = &options.credentials {
        credentials(command, keys);
    }
    for (name, value) in &process.env {
        command.env(name, value.expose());
    }
}

fn credentials(command: &mut Command, keys: &Credentials) {
    command
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", keys.access_key_id())
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", keys.access_key_secret().expose_secret())
        .env("ALIBABA_CLOUD_SECURITY_TOKEN", keys.security_token().expose_secret());
}
