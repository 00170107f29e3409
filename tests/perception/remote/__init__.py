"""Models over HTTP: real servers on loopback around scripted back ends."""
