"""Tests of Contact-GraspNet."""
