"""Tests of the driver process."""
