"""Tests of planning: decisions, kinematics and motions."""
