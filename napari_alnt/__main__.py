"""``python -m napari_alnt`` is ``napari-alnt``."""

import sys

from napari_alnt.cli import main

sys.exit(main())
