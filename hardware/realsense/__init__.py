"""The RealSense D435i on the wrist, through Intel's pyrealsense2."""
