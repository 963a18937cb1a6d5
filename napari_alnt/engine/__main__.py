"""``python -m napari_alnt.engine PROJECT --run N --job train``; started by ``session.engine``."""

import os
import sys

from napari_alnt.engine.main import main

code = main()
sys.stderr.flush()
# all is written by now, and torch's own teardown takes seconds and may abort
os._exit(code)
