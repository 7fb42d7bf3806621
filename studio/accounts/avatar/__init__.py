"""A person's own picture: chosen from a file, cut to a small square in the browser, shown round."""

from __future__ import annotations

import base64
import binascii

from backend.errors import Invalid
from backend.language import tr_lazy
from studio.ui.browser_component import ignore, load

_component = load(__file__)
_PREFIX = "data:image/webp;base64,"


def avatar_picker(key: str, *, url: str, name: str) -> bytes | None:
    """Shows the picture at `url` ("": the first letter of `name`). Returns the new picture (WebP) once, when the user chose
    one; b"" when they removed it; None otherwise. Raises Invalid."""
    chosen = _component(key=key, data={"url": url, "name": name}, on_picture_change=ignore).get("picture")
    if chosen is None:
        return None
    try:
        return base64.b64decode(str(chosen).removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise Invalid(tr_lazy("This picture did not arrive whole. Choose it again.")) from error
