"""Files by a pattern, and masks by a rule in which ``{case}`` stands for the name of their case."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from napari_alnt.data.images.formats import known_format
from napari_alnt.errors import AlntError

CASE = "{case}"
WILD = "*?"
"""What stands for letters in a pattern; brackets do where nothing has them in its name."""
SIGNS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\{case\}")
CHOICE = re.compile(rf"{TOKEN.pattern}|\[!?[^\]]+\]")


def normal(text: str) -> str:
    """A name as it is compared: systems write an ü in one or in two characters."""
    return unicodedata.normalize("NFC", text)


def is_image(path: Path) -> bool:
    """Whether a file is an image of a known format, and not the second file of one."""
    known = known_format(path)
    return known is not None and not known.is_second_file(path)


def stem(path: Path) -> str:
    """The name of a file without the ending of its format; this names a case."""
    known = known_format(path)
    return normal(known.stem(path) if known else path.stem)


def unknown_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Those that are files of no known format."""
    return tuple(path for path in paths if known_format(path) is None and path.is_file())


def told(files: Sequence[Path]) -> str:
    """How many files of no known format there are, in brackets; "" for none."""
    if not files:
        return ""
    first = ", ".join(f"'{path.name}'" for path in files[:2])
    kind = "file is" if len(files) == 1 else "files are"
    more = ", …" if len(files) > 2 else ""
    return f" ({len(files)} {kind} of no known format: {first}{more}; export NIfTI)"


class Pattern:
    """A path in which ``*`` and ``?`` stand for letters, ``**`` for folders and ``~`` for home.

    Folders that exist are no pattern, whatever their names; brackets are letters, or a choice of
    letters where nothing is found so.

    Attributes
    ----------
    text : the pattern as it was given
    paths : what it finds, sorted; all in it if it is a folder
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folder, self._rest = _split(text)
        self._letters = True
        self.paths = self._find()
        if not self.paths and "[" in self._rest:
            self._letters = False
            self.paths = self._find()

    @property
    def is_folder(self) -> bool:
        """Whether it names a folder, and so all files in it."""
        return not self._rest

    def _find(self) -> tuple[Path, ...]:
        # of os.path, as a name may be longer than any file's
        if self._rest and os.path.exists(self._folder / self._rest):
            return ((self._folder / self._rest).absolute(),)
        rest = self._rest.replace("[", "[[]") if self._letters else self._rest
        pattern = Path(glob.escape(str(self._folder)), rest.replace(CASE, "*") or "*")
        # sorted, as cases are numbered in this order and file systems list in any
        try:
            found = sorted(glob.glob(str(pattern), recursive=True))
        except ValueError:  # a null character is in no file's name
            return ()
        return tuple(Path(name).absolute() for name in found)

    def case(self, path: Path) -> str | None:
        """What stands for ``{case}`` in a path; None if it does not fit."""
        match = self.regex().fullmatch(self.below(path))
        return match.group("case") if match else None

    @property
    def is_exact(self) -> bool:
        """Whether :meth:`case` leaves no choice, as there is nothing else to fill in."""
        return not any(sign in self._rest for sign in WILD) and self._letters

    def below(self, path: Path) -> str:
        """A path from the folder on, as it is compared."""
        return normal(path.relative_to(self._folder.absolute()).as_posix())

    def regex(self, name: str | None = None) -> re.Pattern[str]:
        """What a path from the folder on looks like, with a name in the place of ``{case}``.

        Where ``*`` or ``?`` follows, they do not go on with a number: scan10 is not of scan1.
        """
        rest = normal(self._rest)
        parts, end, seen = [], 0, False
        for token in (TOKEN if self._letters else CHOICE).finditer(rest):
            word = token.group()
            parts.append(re.escape(rest[end : token.start()]))
            if word != CASE:
                # a choice of letters without its anchors, also where it makes no sense
                parts.append(SIGNS.get(word) or fnmatch.translate(word)[4:-3])
            elif name is not None:
                parts.append(_guarded(name, rest[: token.start()][-1:], rest[token.end() :][:1]))
            else:
                parts.append("(?P=case)" if seen else "(?P<case>[^/]+)")
                seen = True
            end = token.end()
        return re.compile("".join(parts) + re.escape(rest[end:]))


def _guarded(name: str, before: str, after: str) -> str:
    """A case's name between two signs of a pattern, of which neither may continue its number."""
    start = "(?<![0-9])" if before in WILD + "]" and before and name[0].isdigit() else ""
    end = "(?![0-9])" if after in WILD + "[" and after and name[-1].isdigit() else ""
    return f"{start}{re.escape(name)}{end}"


def _split(text: str) -> tuple[Path, str]:
    """The folder of a pattern that exists, and the rest."""
    path = Path(os.path.expanduser(text))
    folder = Path(path.anchor)
    parts = path.parts[1:] if path.anchor else path.parts
    for place, part in enumerate(parts):
        if not os.path.isdir(folder / part):
            return folder, "/".join(parts[place:])
        folder = folder / part
    return folder, ""


def find_images(text: str) -> dict[Path, str]:
    """The images that a pattern finds, with the names of their cases, sorted by path.

    Raises
    ------
    AlntError
        If there are none.
    """
    pattern = Pattern(text)
    images = [path for path in pattern.paths if is_image(path)]
    if CASE in text:
        names = {path: name for path in images if (name := pattern.case(path)) is not None}
    else:
        names = {path: stem(path) for path in images}
    if not names:
        raise AlntError(
            f"No images were found by '{text}' from '{Path.cwd()}'"
            f"{told(unknown_files(pattern.paths))}; check the pattern."
        )
    return names


class MaskRule:
    """Masks that are given out to cases by their names, each to one case at most.

    Attributes
    ----------
    rule : a path with ``{case}`` in it, or a folder of masks with the cases' names
    unknown : files that the rule finds and that are of no known format
    """

    def __init__(self, rule: str, names: Iterable[str]) -> None:
        self.rule = rule
        pattern = Pattern(rule)
        if CASE not in rule and not pattern.is_folder:
            raise AlntError(
                f"'{rule}' is neither a folder of masks nor a rule with {CASE} in it; write one of"
                " the two."
            )
        self.unknown = unknown_files(pattern.paths)
        self._masks = tuple(path for path in pattern.paths if is_image(path))
        self._of: dict[str, list[Path]] = defaultdict(list)
        known = {normal(name): name for name in names}
        for mask, owners in _owners(pattern, self._masks, known).items():
            for owner in owners:
                self._of[known[owner]].append(mask)

    def mask(self, name: str, image: Path) -> Path | None:
        """The mask of a case, or None.

        Raises
        ------
        AlntError
            If there are several, or it is the image itself.
        """
        found = self._of.get(name, [])
        if len(found) > 1:
            raise AlntError(
                f"Case '{name}' has {len(found)} masks by '{self.rule}' ({found[0].name}, …); make"
                " the rule stricter."
            )
        if found and found[0] == image:
            raise AlntError(
                f"The rule '{self.rule}' takes the image '{image}' for its own mask; correct the"
                " rule."
            )
        return found[0] if found else None

    @property
    def unclaimed(self) -> tuple[Path, ...]:
        """Masks that belong to no case."""
        claimed = {mask for masks in self._of.values() for mask in masks}
        return tuple(mask for mask in self._masks if mask not in claimed)


def _owners(
    pattern: Pattern, masks: Sequence[Path], names: Iterable[str]
) -> dict[Path, Sequence[str]]:
    """The names that may stand for ``{case}`` in each mask; of several, the longest."""
    known = set(names)
    if pattern.is_folder or pattern.is_exact:
        own = {mask: stem(mask) if pattern.is_folder else pattern.case(mask) for mask in masks}
        return {mask: [name] for mask, name in own.items() if name in known}
    places = {mask: pattern.below(mask) for mask in masks}
    found: dict[Path, list[str]] = defaultdict(list)
    for name in known:
        regex = pattern.regex(name)
        for mask, place in places.items():
            if regex.fullmatch(place):
                found[mask].append(name)
    # P1_a is rather of the case P1_a than of the case P1
    longest = {mask: max(map(len, owners)) for mask, owners in found.items()}
    return {
        mask: sorted(name for name in owners if len(name) == longest[mask])
        for mask, owners in found.items()
    }
