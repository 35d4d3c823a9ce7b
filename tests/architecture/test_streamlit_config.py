"""The app's settings: private, quiet, and readable in both themes."""

import tomllib
from typing import Any

import pytest
from streamlit import config

from tests.architecture.reading import ROOT

READABLE = 4.5  # WCAG 2.2, 1.4.3: text of normal size
FADED = 0.6  # what Streamlit leaves of the text's colour in a caption

Colour = tuple[float, float, float]


def contrast(one: Colour, other: Colour) -> float:
    """WCAG's ratio of two colours' luminances, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Colour) -> float:
    """WCAG's relative luminance, 0 to 1."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colour(text: str) -> Colour:
    """#RRGGBB as three numbers from 0 to 1."""
    red, green, blue = (int(text[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def over(front: Colour, back: Colour, opacity: float) -> Colour:
    red, green, blue = (opacity * one + (1 - opacity) * other for one, other in zip(front, back, strict=True))
    return red, green, blue


SETTINGS: dict[str, Any] = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"server.headless": True, ...}"""
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_streamlit_knows_every_setting() -> None:
    assert not set(flat(SETTINGS)) - set(config._config_options_template)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("browser.gatherUsageStats", False),
        ("browser.serverAddress", "localhost"),
        ("client.showErrorDetails", "none"),
        ("client.toolbarMode", "minimal"),
        ("server.address", "127.0.0.1"),
        ("server.enableXsrfProtection", True),
        ("server.enableCORS", True),
        ("server.enableStaticServing", False),
        ("server.enableAgentApi", False),
        ("server.maxWidgetStateSize", 2),
        ("server.maxMessageSize", 50),
        ("server.fileWatcherType", "none"),
        ("server.headless", True),
        ("server.maxUploadSize", 5),
    ],
)
def test_the_app_is_private_and_quiet(name: str, value: object) -> None:
    assert flat(SETTINGS)[name] == value


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("place", ["page", "sidebar"])
def test_everything_can_be_read(theme: str, place: str) -> None:
    colours = {**SETTINGS["theme"][theme], **(SETTINGS["theme"][theme]["sidebar"] if place == "sidebar" else {})}
    page, widget = colour(colours["backgroundColor"]), colour(colours["secondaryBackgroundColor"])
    text, accent = colour(colours["textColor"]), colour(colours["primaryColor"])
    assert contrast(text, page) >= READABLE
    assert contrast(text, widget) >= READABLE
    assert contrast(over(text, page, FADED), page) >= READABLE, "a caption"
    assert contrast(colour(colours["linkColor"]), page) >= READABLE
    assert contrast(accent, page) >= READABLE, "the chosen tab, a slider's value"
    assert contrast((1, 1, 1), accent) >= READABLE, "a primary button's label, which is always white"


def test_the_ratio_is_wcags() -> None:
    assert contrast(colour("#000000"), colour("#FFFFFF")) == pytest.approx(21)
    assert contrast(colour("#777777"), colour("#FFFFFF")) == pytest.approx(4.48, abs=0.005)
    assert contrast(colour("#123456"), colour("#123456")) == 1
