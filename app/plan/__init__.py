"""Planning on recorded pictures instead of a robot."""
