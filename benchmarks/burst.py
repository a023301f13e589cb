"""
The burst (冲击): 64 clients submit for 60 seconds; `crowd` accounts for every single one.

`python -m benchmarks.burst`: no number given twice, no accepted case missing, no answer of 5xx.
"""

import sys

from benchmarks.__main__ import main

SECONDS = 60

if __name__ == "__main__":
    if "--seconds" not in sys.argv:
        sys.argv += ["--seconds", str(SECONDS)]
    sys.exit(main("benchmarks.crowd"))
