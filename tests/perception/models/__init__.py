"""The learned back ends."""
