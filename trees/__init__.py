"""The tree, one file per phase, each with its picture; everything here can be built and drawn without a
robot.
"""
