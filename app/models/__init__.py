"""The weights of learned models on the command line: list, pull, add, verify, where."""
