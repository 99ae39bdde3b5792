# Shortcuts for development; `just` alone lists them. Each is one command that also works by itself.

# List the recipes.
default:
    @just --list

# Run all tests, or those that the arguments select.
test *ARGUMENTS:
    cargo test --workspace {{ARGUMENTS}}

# Check formatting, lints and documentation.
lint:
    bash .ci/run format lints docs

# Run mint, wallets and paywall together, as processes.
demo *ARGUMENTS:
    cargo run --release --bin farthing-demo {{ARGUMENTS}}

# Run other people's wallets against the mint.
interop:
    tests/interop/run

# Fuzz every target for some seconds; needs a nightly compiler.
fuzz SECONDS="10":
    tests/fuzz/run {{SECONDS}}

# Run everything that a change has to pass.
ci:
    bash .ci/run
