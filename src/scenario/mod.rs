//! Scenario files: TOML to a validated scenario.
