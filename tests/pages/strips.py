"""What the token strips of a page without a browser were given to show."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def strips(app: AppTest) -> list[list[dict[str, Any]]]:
    """The rows of each strip, in the order of the page."""
    found = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "sigviz.strip"]
    return [json.loads(proto.json)["rows"] for proto in found]


def shown(row: dict[str, Any]) -> str:
    """The text of a row as it stands on the page."""
    return "".join(part for piece in row["pieces"] for part, _ in piece["parts"])


def texts(app: AppTest) -> list[str]:
    """The text of every row of every strip."""
    return [shown(row) for rows in strips(app) for row in rows]
