"""The tests mirror the source; fakes.py holds scripted back ends."""
