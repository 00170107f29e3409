"""Stand-ins with kortex_api's names, for where Kinova's wheel is not installed."""
