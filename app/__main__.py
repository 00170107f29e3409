"""`python -m app` is the same as `handover`."""

from app.cli import program

program()
