"""The Kinova Gen3 behind Kinova's kortex_api, or a loopback controller that speaks the same protocol."""
