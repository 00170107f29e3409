"""Grounding on any picture: no robot, no depth."""
