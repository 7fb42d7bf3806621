"""The table of aspect-ratio buckets: the sizes the pictures are trained at, and how much is cropped."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import Bucket, BucketPreview
from studio.datasets.dataset_state import train_side
from studio.shell.frame import Page


def buckets(page: Page, dataset_id: str) -> None:
    """kohya's buckets of the included pictures, crops applied, in an expander; a warning is shown outside of it."""
    side_key, batch_key = f"buckets:{dataset_id}", f"buckets:batch:{dataset_id}"
    side = st.session_state.setdefault(side_key, max(train_side(page), 64))
    batch = st.session_state.setdefault(batch_key, 1)
    with page.transaction() as tx:
        preview = datasets.bucket_preview(tx, dataset_id, resolution=int(side), batch=int(batch))
    if preview.warning:
        st.warning(preview.warning, icon=":material/crop:")
    with st.expander("Shapes the pictures are trained at", icon=":material/aspect_ratio:"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input("Training resolution, px", 64, 4096, step=64, key=side_key, width=180)
            st.number_input("Batch", 1, 64, key=batch_key, width=120)
        _table(preview)


def _table(preview: BucketPreview) -> None:
    st.dataframe(
        [_row(bucket) for bucket in preview.buckets],
        hide_index=True,
        width="stretch",
        column_config={
            "Pictures": st.column_config.ProgressColumn(
                "Pictures", format="%d", min_value=0, max_value=max((bucket.count for bucket in preview.buckets), default=1)
            ),
            "Cut off at most": st.column_config.NumberColumn(format="percent"),
        },
    )
    st.caption(
        "Aspect-ratio buckets as kohya makes them, in steps of 64 px. The built-in trainer cuts every picture to a square "
        "around its middle: crop pictures to 1:1 to decide yourself what it sees."
    )


def _row(bucket: Bucket) -> dict[str, object]:
    return {
        "Bucket": f"{bucket.width} × {bucket.height}",
        "Pictures": bucket.count,
        "Cut off at most": bucket.cut,
        "Would be enlarged": bucket.enlarged,
    }
