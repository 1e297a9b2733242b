"""``python -m spinglass`` is the command ``spinglass``."""

import sys

from spinglass.cli import main

if __name__ == "__main__":
    sys.exit(main())
