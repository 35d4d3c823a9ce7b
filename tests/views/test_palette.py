"""The palette by measurement: WCAG contrast, and colour difference as colour-blind people see it."""

import itertools
import math

import numpy as np
import pytest

from sigviz.views.palette import THEMES, colour, inks, ramp

# Severity 1.0 of Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", IEEE TVCG 15(6), 2009; applied to linear RGB.
MACHADO = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# sRGB to CIE XYZ under D65 (IEC 61966-2-1).
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
PAGES = {"light": ["#ffffff"], "dark": ["#0e1117", "#171614", "#030507"]}  # Streamlit's, old and new, and this app's
FINE = np.linspace(-1, 1, 2001)


def linear(colour):
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2 contrast ratio, 1 to 21."""
    lighter, darker = sorted((float(XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def lab(colour, vision="normal"):
    """CIELAB (D65) of a colour as someone with that vision sees it."""
    seen = np.clip(MACHADO[vision] @ linear(colour), 0, 1)
    scaled = XYZ @ seen / XYZ.sum(axis=1)
    root = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def distance(one, other, vision="normal"):
    """CIE76 difference; about 2.3 can just be noticed."""
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def test_the_yardsticks_measure_what_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21, abs=1e-3)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab("#ff0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    for matrix in MACHADO.values():
        assert matrix.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5), "white must stay white"
    # The pair that this palette avoids is nearly lost to deuteranopes (from 110 down to 26), so the yardstick can fail one.
    assert distance("#d73027", "#1a9850", "deuteranopia") < 0.3 * distance("#d73027", "#1a9850")


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_on_every_background(theme):
    worst = min(contrast(*colour(value, theme)) for value in FINE)
    assert worst >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_words_and_marks_stand_out_from_the_page(theme):
    ink = inks(theme)
    assert ink.page in PAGES[theme]
    assert contrast(ink.muted, ink.chip) >= 4.5
    for page in PAGES[theme]:
        assert contrast(ink.text, page) >= 7
        assert contrast(ink.muted, page) >= 4.5
        for mark in (ink.towards, ink.against, ink.neutral):
            assert contrast(mark, page) >= 3, mark


@pytest.mark.parametrize("vision", MACHADO)
@pytest.mark.parametrize("theme", THEMES)
def test_towards_and_against_differ_for_every_kind_of_colour_vision(theme, vision):
    towards, against, nothing = (colour(value, theme)[0] for value in (1, -1, 0))
    assert distance(towards, against, vision) >= 80
    assert distance(towards, nothing, vision) >= 40
    assert distance(against, nothing, vision) >= 40
    half_towards, half_against = colour(0.5, theme)[0], colour(-0.5, theme)[0]
    assert distance(half_towards, half_against, vision) >= 45
    ink = inks(theme)
    for one, other in itertools.combinations((ink.towards, ink.against, ink.neutral), 2):
        assert distance(one, other, vision) >= 25, (one, other)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("theme", THEMES)
def test_a_larger_score_is_always_a_stronger_colour(theme, sign):
    nothing = colour(0, theme)[0]
    strengths = [distance(colour(sign * value, theme)[0], nothing) for value in np.linspace(0, 1, 41)]
    assert all(later > earlier for earlier, later in itertools.pairwise(strengths))


@pytest.mark.parametrize("theme", THEMES)
def test_orange_is_towards_and_blue_is_against(theme):
    towards, against = linear(colour(1, theme)[0]), linear(colour(-1, theme)[0])
    assert towards[0] > towards[1] > towards[2]
    assert against[2] > against[1] > against[0]


def test_values_outside_the_range_do_not_break_a_page():
    assert colour(7, "light") == colour(1, "light") != colour(0.9, "light")
    assert colour(-math.inf, "dark") == colour(-1, "dark")
    assert colour(math.nan, "light") == colour(0, "light")


def test_the_ramp_runs_from_against_over_nothing_to_towards():
    shades = ramp("light", 5)
    assert shades == [colour(value, "light")[0] for value in (-1, -0.5, 0, 0.5, 1)]
    with pytest.raises(ValueError, match="odd"):
        ramp("light", 4)


def test_an_unknown_theme_says_which_there_are():
    with pytest.raises(ValueError, match="light, dark"):
        colour(0, "sepia")
