"""`python -m app` is the same as `handover`."""

import sys

from app.cli import main

sys.exit(main())
