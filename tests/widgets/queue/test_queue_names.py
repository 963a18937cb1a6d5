"""Short forms of names: never too wide, never two that look the same."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_alnt.widgets.queue.queue_names import DOTS, ShortNames, in_place, split_letters


def short_names(names):
    return ShortNames({name: number for number, name in enumerate(names, start=1)})


def forms(names, room, measure=len):
    short = short_names(names)
    return [short.short(name, room, measure) for name in names]


def look(text):
    kept = (char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", "".join(kept)).strip()


def check(names, widths=range(1, 60), measure=len):
    for width in widths:
        shown = forms(names, width, measure)
        assert len({look(text) for text in shown}) == len(names), (width, shown)
        for number, text in enumerate(shown, start=1):
            assert measure(text.replace("\u200e", "")) <= width or text[1:] == str(number)


COVID = (
    "radiopaedia_org_covid-19-pneumonia-27_86902_1",
    "radiopaedia_org_covid-19-pneumonia-27_86902_2",
)


def test_what_names_share_goes_first():
    assert forms(COVID, 16) == ["radiopa…86902_1", "radiopa…86902_2"]


@pytest.mark.parametrize(
    "names",
    [
        COVID,
        tuple(f"coronacases_{number:03d}" for number in range(1, 11)),
        (
            "patient_0001_baseline_chest",
            "patient_0002_baseline_chest",
            "patient_0001_followup_chest",
        ),
        ("alpha_thorax_ct_with_contrast", "beta_thorax_ct_with_contrast"),
        ("a" * 400 + "1" + "b" * 400, "a" * 400 + "2" + "b" * 400, "c" * 900),
        ("scan", "scan_1", "scan_1_1", "scan_11"),
        ("אבגדהוזחטי_1", "אבגדהוזחטי_2", "مريض-صورة-الصدر-١", "مريض-صورة-الصدر-٢"),
        tuple(unicodedata.normalize("NFD", f"Röntgen_Größe_{n}") for n in ("é", "e", "ê", "è")),
        ("x…y", "x...y", "xaaaaaaaaaaay", "xbbbbbbbbbbby"),
        ("#1", "#2", "#3abc", "1"),
    ],
    ids=lambda names: names[0][:12],
)
def test_names_are_told_apart_at_every_width(names):
    check(names)


def test_names_that_look_alike_are_marked():
    one = "Röntgen"
    other = unicodedata.normalize("NFD", one)
    hidden = "Rön\u200btgen"
    short = short_names((one, other, hidden))
    shown = [look(short.full(name)) for name in (one, other, hidden)]
    assert shown == [one, f"{one} ·2", f"{one} ·3"]
    check((one, other, hidden))


def test_words_from_right_to_left_stay_where_they_are():
    mark = "\u200e"
    assert in_place("case_1") == "case_1"
    assert in_place("é_1") == "é_1"
    assert in_place("אב_1") == f"{mark}אב{mark}_1"
    assert in_place("1_אב גד-2") == f"1_{mark}אב גד{mark}-2"
    # what would turn the letters of a name round is left out
    assert forms(("abc\u202efed",), 20) == ["abcfed"]
    check(("אב_1", "1_אב", "אב a_1", "אב 1_a", "אב\u200f_1"))


def test_an_accent_stays_with_its_letter():
    names = [unicodedata.normalize("NFD", f"aẹ̀bcdefgh{n}") for n in "12"]
    for width in range(2, 12):
        for text in forms(names, width):
            assert not unicodedata.combining(text[0])
            before = text[text.index(DOTS) + 1 :] if DOTS in text else ""
            assert not (before and unicodedata.combining(before[0]))


def test_letters_are_those_a_reader_sees():
    assert split_letters("e\u0301a") == ("é", "a")
    assert split_letters("q\u0323\u0301x") == ("q\u0323\u0301", "x")
    assert split_letters("ﬁn…") == ("f", "i", "n", ".", ".", ".")
    assert split_letters("👩‍⚕️x") == ("👩‍⚕️", "x")


def test_a_name_that_fits_is_shown_in_full():
    assert forms(("case_1", "case_2"), 6) == ["case_1", "case_2"]
    assert forms(("a case with a long name",), 9) == ["a ca…ame"]


def test_without_any_room_the_number_is_shown():
    names = tuple(f"{n:b}".replace("0", "x") for n in range(32, 64))
    assert forms(names, 2)[:3] == ["#1", "#2", "#3"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("ab_1…é\u0301אﬁ"), min_size=1, max_size=12),
        min_size=1,
        max_size=12,
        unique=True,
    ).filter(lambda names: all(map(look, names))),
    st.integers(1, 12),
)
def test_random_names(names, width):
    check(names, [width])


def test_many_names_of_every_kind():
    rng = random.Random(0)
    kinds = (
        lambda n: f"case_{n:05d}",
        lambda n: f"site{n % 7}_subject_{n // 7:04d}_thorax_venous_phase",
        lambda _: f"{rng.getrandbits(64):016x}",
        lambda n: f"{'long' * 20}{n}{'tail' * 20}",
        lambda n: f"1.2.840.113619.2.55.3.{604688119 + 977 * n}.971",
    )
    names = list(dict.fromkeys(kind(n) for kind in kinds for n in range(300)))
    check(names, (5, 9, 14, 23, 40))


def test_letters_of_different_widths():
    narrow = set("il.1|…")

    def measure(text):
        return sum(3 if letter in narrow else 8 for letter in text)

    check([f"mill_{n}_wwwwwwwwwwww" for n in range(30)], (30, 50, 80), measure)
