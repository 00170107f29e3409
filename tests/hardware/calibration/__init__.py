"""Tests of the hand-eye calibration."""
