"""Browser components (Streamlit components v2) for what Streamlit has no widget for; they talk to our own API.

One folder a component: its Python side, and ES modules whose types are in JSDoc. What needs no page (queries, layout,
selection, undo) stands in modules of its own, with a `.test.js` beside it. `load.py` puts a component's modules into one
script, so there is no build step. `bin/check_browser_code.sh` (in `make check`) checks format, lint and types, and tests.
"""

from studio.components.cropper import cropper
from studio.components.dataset_grid import dataset_grid
from studio.components.gallery import gallery
from studio.components.live_jobs import live_jobs
from studio.components.loss_chart import loss_chart
from studio.components.uploader import uploader

__all__ = ["cropper", "dataset_grid", "gallery", "live_jobs", "loss_chart", "uploader"]
