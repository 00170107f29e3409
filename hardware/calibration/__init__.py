"""Where the camera sits on the flange: the file that says so, and what follows from it."""
