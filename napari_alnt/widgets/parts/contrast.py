"""Whether a text can be read on its ground, as the Web Content Accessibility Guidelines say."""

from __future__ import annotations

LEAST = 4.5
"""Least contrast of a text and its ground (WCAG 2.2, success criterion 1.4.3)."""
STEPS = 40


def contrast(one: str, other: str) -> float:
    """The contrast of two colours "#rrggbb", from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of a colour "#rrggbb", from 0 to 1."""
    red, green, blue = map(_linear, _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(colour: str, *grounds: str, least: float = LEAST) -> str:
    """A colour as near to the given one as can be read on all grounds.

    It is mixed with white or with black, whichever needs less; where neither can be read on all of
    them, it is the better of the two.
    """
    found = []
    for end in ("#ffffff", "#000000"):
        for step in range(STEPS + 1):
            mixed = _mix(colour, end, step / STEPS)
            if all(contrast(mixed, ground) >= least for ground in grounds):
                found.append((step, mixed))
                break
    if found:
        return min(found)[1]
    return max(
        ("#ffffff", "#000000"), key=lambda end: min(contrast(end, ground) for ground in grounds)
    )


def _mix(colour: str, other: str, part: float) -> str:
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * part):02x}" for one, two in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(part: int) -> float:
    share = part / 255
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
