"""The README's table of settings is derived, and its commands exist. Run as a script, it writes the table."""

import dataclasses
import re
from pathlib import Path

from napari_alnt.settings import HINTS, Settings, choices

README = Path(__file__).parents[1] / "README.md"
MARKS = re.compile(r"(<!-- settings:[^\n]*-->\n)(.*?)(<!-- end of settings -->)", re.DOTALL)


def table() -> str:
    rows = ["| setting | default | allowed | |", "|---|---|---|---|"]
    for item in dataclasses.fields(Settings):
        low, high = item.metadata["low"], item.metadata["high"]
        allowed = ", ".join(map(str, choices(HINTS[item.name]))) or ("" if low is None else f"{low:g} … {high:g}")
        default = " ".join(map(str, item.default)) if isinstance(item.default, tuple) else item.default
        rows.append(f"| `{item.name}` | {default} | {allowed} | {item.metadata['help']} |")
    return "\n".join(rows) + "\n"


def test_settings_table_is_the_settings():
    found = MARKS.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(2) == table(), "run: python tests/test_readme.py"


def test_every_command_named_in_the_readme_exists():
    from napari_alnt.cli.main import COMMANDS

    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", README.read_text(encoding="utf-8"), re.DOTALL))
    named = set(re.findall(r"napari-alnt (\w+)", code))
    assert named
    assert named <= set(COMMANDS)


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(MARKS.sub(lambda found: found.group(1) + table() + found.group(3), text), encoding="utf-8")
