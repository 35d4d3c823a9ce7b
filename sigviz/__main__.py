"""python -m sigviz"""

import sys

from sigviz.cli import main

sys.exit(main())
