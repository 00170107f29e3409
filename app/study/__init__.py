"""A user study: the program's own runs in balanced order, four questions after each, and what they say."""
