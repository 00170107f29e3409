"""Weights: the store, the downloads, and a hub on loopback."""
