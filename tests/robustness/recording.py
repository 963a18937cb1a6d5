"""All calls by which a process changes a folder, in their order, as strace sees them.

SQLite and numpy write by themselves, so that nothing inside of Python would see all of it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from robustness.children import environment

CALLS = (
    "open,openat,creat,close,dup,dup2,dup3,fcntl,write,pwrite64,writev,pwritev,pwritev2,lseek,"
    "ftruncate,truncate,fallocate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,symlink,"
    "symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,sendfile,copy_file_range"
)
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
_CUT = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>")
_REST = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Op:
    """One change of the folder.

    Attributes
    ----------
    kind : "write", "cut" (to ``place`` bytes), "folder" (a new one), "flush", "entries" or "done",
        an acknowledged step
    file : number of the file or folder
    place : of a write, in bytes
    data : of a write
    entries : names that a folder gets, each with the number of its file, or loses (None)
    """

    kind: str
    file: int = 0
    place: int = 0
    data: bytes = field(default=b"", repr=False)
    entries: tuple[tuple[str, int | None], ...] = ()


@dataclass
class Tree:
    """The files and folders of a folder by number; the folder itself is 0."""

    contents: dict[int, bytes] = field(default_factory=dict)
    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {0: {}})

    @classmethod
    def of(cls, folder: Path) -> Tree:
        """What lies in a folder."""
        tree = cls()
        tree._add(folder, 0)
        return tree

    def _add(self, folder: Path, number: int) -> None:
        for path in sorted(folder.iterdir()):
            new = self.new()
            self.folders[number][path.name] = new
            if path.is_dir():
                self.folders[new] = {}
                self._add(path, new)
            else:
                self.contents[new] = path.read_bytes()

    def new(self) -> int:
        """The next number."""
        return len(self.contents) + len(self.folders)


def has_strace() -> bool:
    """Whether calls can be recorded here."""
    return shutil.which("strace") is not None


def record(code: str, folder: Path, notes: Path) -> tuple[Tree, list[Op]]:
    """Run Python code in a process of its own and record what it does to a folder.

    Parameters
    ----------
    code : the code, in which the package of the harnesses can be imported
    folder : whose changes are recorded
    notes : a file; each write to it acknowledges one step

    Returns
    -------
    the folder as it was before, and the changes
    """
    before = Tree.of(folder)
    trace = notes.with_suffix(".trace")
    # with a filter in the kernel the process stops at these calls only
    how = ["strace", "-f", "--seccomp-bpf", "-xx", "-s", "100000000", "-e", f"trace={CALLS}"]
    command = [*how, "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-c", code], env=environment(), check=True)
    reader = _Reader(before, folder, notes)
    for call, arguments, result in _calls(trace):
        reader.take(call, arguments, result)
    return before, reader.ops


def _calls(trace: Path) -> Iterator[tuple[str, str, int]]:
    """Name, arguments and result of each call that succeeded, by the time of its end."""
    begun: dict[str, str] = {}
    with trace.open() as lines:
        for line in lines:
            if cut := _CUT.match(line):
                begun[cut[1]] = cut[2]
                continue
            if rest := _REST.match(line):
                line = f"{rest[1]} {begun.pop(rest[1])}{rest[2]}"
            if (found := _LINE.match(line)) and int(found[4]) >= 0:
                yield found[2], found[3], int(found[4])


@dataclass
class _Open:
    """A file that a process has open; several numbers may stand for it."""

    file: int
    place: int = 0
    appends: bool = False


class _Reader:
    """Follows names and open files through the calls."""

    def __init__(self, tree: Tree, folder: Path, notes: Path) -> None:
        self.ops: list[Op] = []
        self._root = str(folder)
        self._notes = str(notes)
        self._next = tree.new()
        self._folders = {number: dict(names) for number, names in tree.folders.items()}
        self._sizes = {number: len(content) for number, content in tree.contents.items()}
        self._open: dict[int, _Open] = {}
        self._noting: set[int] = set()

    def take(self, call: str, arguments: str, result: int) -> None:
        """One call."""
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
        parts = _TEXT.sub("TEXT", arguments).split(", ")
        if call in ("open", "openat", "creat"):
            self._opened(os.fsdecode(texts[0]), arguments, result)
        elif call in ("close", "dup", "dup2", "dup3", "fcntl"):
            self._handle(call, parts, result)
        elif call in ("write", "pwrite64"):
            self._written(call, parts, texts, result)
        elif call in ("fsync", "fdatasync", "lseek", "ftruncate"):
            self._moved(call, parts, result)
        elif call in ("rename", "renameat", "renameat2", "link", "linkat"):
            self._named(call.startswith("rename"), *map(os.fsdecode, texts))
        elif call in ("unlink", "unlinkat", "rmdir"):
            self._change(os.fsdecode(texts[0]), None)
        elif call in ("mkdir", "mkdirat"):
            self._made(os.fsdecode(texts[0]))
        else:
            known = self._open.get(int(parts[0])) if parts[0].isdigit() else None
            inside = [text for text in texts if self._find(os.fsdecode(text)) is not None]
            assert (known, inside) == (None, []), f"{call} is not followed"

    def _moved(self, call: str, parts: list[str], result: int) -> None:
        one = self._open.get(int(parts[0]))
        if one is None:
            return
        if call == "lseek":
            one.place = result
        elif call == "ftruncate":
            self._cut(one.file, int(parts[1]))
        else:
            self.ops.append(Op("flush", one.file))

    def _handle(self, call: str, parts: list[str], result: int) -> None:
        number = int(parts[0])
        if call == "close":
            self._open.pop(number, None)
            self._noting.discard(number)
        elif number in self._open and (call != "fcntl" or parts[1].startswith("F_DUPFD")):
            self._open[result] = self._open[number]

    def _opened(self, path: str, flags: str, number: int) -> None:
        self._open.pop(number, None)
        if path == self._notes:
            self._noting.add(number)
            return
        place = self._find(path)
        if place is None:
            return
        file = 0 if place == (0, "") else self._folders[place[0]].get(place[1])
        if file is None:
            assert "O_CREAT" in flags, path
            file = self._new()
            self._sizes[file] = 0
            self._change(path, file)
        elif "O_TRUNC" in flags:
            self._cut(file, 0)
        self._open[number] = _Open(file, appends="O_APPEND" in flags)

    def _written(self, call: str, parts: list[str], texts: list[bytes], result: int) -> None:
        number = int(parts[0])
        if number in self._noting:
            self.ops.append(Op("done"))
        one = self._open.get(number)
        if one is None:
            return
        if call == "pwrite64":
            place = int(parts[-1])
        else:
            place = self._sizes[one.file] if one.appends else one.place
            one.place = place + result
        self._sizes[one.file] = max(self._sizes[one.file], place + result)
        self.ops.append(Op("write", one.file, place, texts[0][:result]))

    def _cut(self, file: int, size: int) -> None:
        self._sizes[file] = size
        self.ops.append(Op("cut", file, size))

    def _made(self, path: str) -> None:
        if self._find(path) is not None:
            new = self._new()
            self._folders[new] = {}
            self.ops.append(Op("folder", new))
            self._change(path, new)

    def _named(self, moves: bool, old: str, new: str) -> None:
        source, target = self._find(old), self._find(new)
        if source is None and target is None:
            return
        assert source is not None, f"{old} comes from elsewhere"
        assert target is not None, f"{old} goes elsewhere"
        assert source[0] == target[0], f"{old} goes to another folder"
        file = self._folders[source[0]][source[1]]
        changes: list[tuple[str, int | None]] = [(target[1], file)]
        if moves:
            changes.append((source[1], None))
        self._entries(source[0], changes)

    def _change(self, path: str, file: int | None) -> None:
        if (place := self._find(path)) is not None:
            self._entries(place[0], [(place[1], file)])

    def _entries(self, folder: int, changes: list[tuple[str, int | None]]) -> None:
        for name, file in changes:
            if file is None:
                self._folders[folder].pop(name, None)
            else:
                self._folders[folder][name] = file
        self.ops.append(Op("entries", folder, entries=tuple(changes)))

    def _new(self) -> int:
        self._next += 1
        return self._next - 1

    def _find(self, path: str) -> tuple[int, str] | None:
        """The folder's number and the name of a path; None where it lies elsewhere."""
        path = os.path.normpath(path)
        if path == self._root:
            return 0, ""
        if not path.startswith(self._root + os.sep):
            return None
        *above, name = path[len(self._root) + 1 :].split(os.sep)
        number = 0
        for part in above:
            if part not in self._folders[number]:
                return None
            number = self._folders[number][part]
        return number, name
