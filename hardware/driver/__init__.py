"""The arm in a process of its own: it stops by itself when the program that commands it dies or freezes."""
