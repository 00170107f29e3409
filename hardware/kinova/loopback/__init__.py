"""A Gen3's controller on this machine's loopback interface: for tests, and for rehearsals without an arm."""
