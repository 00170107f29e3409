"""Every leaf on its own: success, failure, missing input, interruption, restart."""
