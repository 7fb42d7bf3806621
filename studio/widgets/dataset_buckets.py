"""Which shapes the pictures are trained at, for any resolution, and what is cut off."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import Bucket
from studio.frame import Page
from studio.widgets.dataset_state import train_side

SIDES = (512, 768, 1024)


def buckets(page: Page, dataset_id: str) -> None:
    """kohya's buckets of the included pictures, crops applied."""
    own = train_side(page)
    st.markdown("##### Shapes")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        side = st.number_input(
            "Training resolution, px", 64, 4096, max(own, 64), step=64, key=f"buckets:{dataset_id}", width=180
        )
        batch = st.number_input("Batch", 1, 64, 1, key=f"buckets:batch:{dataset_id}", width=120)
    with page.transaction() as tx:
        found = datasets.bucket_preview(tx, dataset_id, resolution=int(side), batch=int(batch))
    if found.warning:
        st.warning(found.warning, icon=":material/crop:")
    st.dataframe(
        [_row(one) for one in found.buckets], hide_index=True, width="stretch",
        column_config={
            "Pictures": st.column_config.ProgressColumn(
                "Pictures", format="%d", min_value=0, max_value=max((one.count for one in found.buckets), default=1)
            ),
            "Cut off at most": st.column_config.NumberColumn(format="percent"),
        },
    )  # fmt: skip
    st.caption(
        "Aspect-ratio buckets as kohya makes them, in steps of 64 px. The built-in trainer cuts every picture to a square "
        "around its middle: crop pictures to 1:1 to decide yourself what it sees."
    )


def _row(one: Bucket) -> dict[str, object]:
    return {
        "Bucket": f"{one.width} × {one.height}", "Pictures": one.count, "Cut off at most": one.cut,
        "Would be enlarged": one.enlarged,
    }  # fmt: skip
