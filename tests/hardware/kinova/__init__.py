"""Tests of the Gen3 driver, against a loopback controller that speaks the real protocol."""
