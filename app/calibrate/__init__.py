"""`handover calibrate`: prints the board, finds the camera's place on the wrist, and checks it."""
