"""Charts of figures in the palette of the theme: what they show in one sentence, the figures as a table folded below.

A page that draws one loads Vega, which is heavy: nothing on Home, Inbox or Calendar does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from backend.language import tr

HEIGHT_PX = 240


def chart(
    kind: Literal["bar", "line", "area"],
    rows: Sequence[Mapping[str, Any]],
    *,
    x: str,
    y: str,
    says: str,
    color: str | None = None,
    horizontal: bool = False,
    table: Sequence[Mapping[str, Any]] = (),
) -> None:
    """`x`, `y`, `color`: keys of `rows`, worded; upright bars stand in the order of `rows`, lying ones from the longest on.

    `says`: the text alternative, read below the chart. `table`: what the table has where that is more than `rows`.
    """
    match kind:
        case "bar":
            height = max(120, 34 * len(rows)) if horizontal else HEIGHT_PX
            order: bool | str = f"-{y}" if horizontal else False
            st.bar_chart(rows, x=x, y=y, color=color, horizontal=horizontal, sort=order, height=height)
        case "line":
            st.line_chart(rows, x=x, y=y, color=color, height=HEIGHT_PX)
        case "area":
            st.area_chart(rows, x=x, y=y, color=color, height=HEIGHT_PX)
    st.caption(says)
    with st.expander(tr("As a table"), icon=":material/table:"):
        st.dataframe(table or rows, hide_index=True)
