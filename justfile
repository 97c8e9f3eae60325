# What `.ci/run` does, one step at a time. `just` alone lists them.

_list:
    @just --list

# Everything, as the build machine runs it.
ci:
    bash .ci/run

# The whole test suite on the loopback path: no TLS, no C compiler.
test:
    cargo test --workspace --no-default-features

fmt:
    cargo fmt --all

# Lints, as strict as the build machine.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --no-default-features -- -D warnings

doc:
    RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --no-default-features

# Bans, licences and sources. Advisories: see the supply chain section of `.ci/run`.
deny:
    cargo deny --offline check bans licenses sources

# The official Table Store packages against the local cloud.
interop:
    bash interop/run tablestore
    bash interop/run tablestore-node

# A campaign on this machine: http://127.0.0.1, Ctrl-C ends it.
launch *ARGS:
    cargo run --release --bin launch -- {{ARGS}}

# One `.ci/run` section by name, for example `just section arrows`.
section NAME:
    bash .ci/run {{NAME}}
