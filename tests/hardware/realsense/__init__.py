"""Tests of the RealSense camera, on pyrealsense2's own software device and on recordings made with it."""
