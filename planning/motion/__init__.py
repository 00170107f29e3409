"""Motions of the arm: inverse kinematics, collision-free paths, timing, and the check of what comes out."""
