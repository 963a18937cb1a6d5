"""``python -m napari_alnt.engine PROJECT --run N --job train``; started by ``session.engine``."""

import contextlib
import os
import sys

from napari_alnt.engine.parent import end_with_parent

# before torch, whose import takes seconds
end_with_parent()

from napari_alnt.engine.main import main  # noqa: E402

code = main()
# nobody reads it any more where the parent is gone
with contextlib.suppress(OSError, ValueError):
    sys.stderr.flush()
# all is written by now, and torch's own teardown takes seconds and may abort
os._exit(code)
