"""``python -m napari_alnt.engine PROJECT --run N --job train``; started by ``session.client``."""

import sys

from napari_alnt.engine.main import main

sys.exit(main())
