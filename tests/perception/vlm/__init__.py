"""Tests of perception.vlm."""
