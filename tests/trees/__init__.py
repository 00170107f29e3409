"""The whole tree and its phases on a scripted robot."""
