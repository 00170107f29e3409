"""The Kinova Gen3 behind Kinova's kortex_api, or behind a loopback controller that speaks the same protocol."""
