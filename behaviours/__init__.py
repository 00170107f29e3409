"""The leaves of the tree: each starts one thing, polls it, reports one sentence and can let go at any
moment.
"""
