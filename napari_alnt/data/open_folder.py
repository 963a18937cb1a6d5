"""A project's folder while it is open: its table, and the lock of the one that writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_alnt.data.paths import damaged
from napari_alnt.data.seal import write_seal
from napari_alnt.data.table import Table, put
from napari_alnt.errors import ReadOnly

if TYPE_CHECKING:
    import filelock


class OpenFolder:
    """An open project folder, with the lock if this process is the one that writes.

    Attributes
    ----------
    folder : the project's folder
    table : its table; use :meth:`change` to write to it
    broken : what is wrong with the table's seal, in words; "" if nothing is known
    changed : files that something else has changed or deleted since the project was last closed
    """

    def __init__(self, folder: Path, table: Table, lock: filelock.BaseFileLock | None) -> None:
        self.folder = folder
        self.table = table
        self._lock = lock
        self.broken = ""
        self.changed: tuple[str, ...] = ()

    def close(self) -> None:
        """Close the table, seal it and release the lock."""
        self.table.close()
        if self._lock is not None:
            write_seal(self.folder)
            self._lock.release()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def writable(self) -> bool:
        """Whether this window or command is the one that writes."""
        return self._lock is not None

    @property
    def owner(self) -> str:
        """Which process was the last to open the project for writing."""
        return self._get("owner")

    def require_writable(self) -> None:
        """Raise :class:`ReadOnly` unless this process writes to the project."""
        if not self.writable:
            raise ReadOnly(
                f"Project '{self.name}' is open read-only, so nothing can be changed in it; open it"
                " to write."
            )

    @contextmanager
    def change(self) -> Iterator[Any]:
        """A transaction on the table, see :meth:`Table.change`; raises :class:`ReadOnly`."""
        self.require_writable()
        with self.table.change() as connection:
            yield connection

    def _get(self, key: str) -> str:
        rows = self.table.rows("SELECT value FROM meta WHERE key = ?", key)
        if not rows:
            raise damaged(f"its {key} are missing" if key == "settings" else f"it has no {key}")
        return str(rows[0][0])

    def _set(self, key: str, value: str) -> None:
        with self.change() as table:
            put(table, "meta", key=key, value=value)
