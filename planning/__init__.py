"""From facts to decisions: which grasp, which handover point, which motion, when to let go."""
