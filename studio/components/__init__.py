"""What Streamlit has no widget for: small browser components (v2, inline, no build step) that talk to our own API."""

from studio.components.cropper import cropper
from studio.components.dataset_grid import dataset_grid
from studio.components.gallery import gallery
from studio.components.live_jobs import live_jobs
from studio.components.loss_chart import loss_chart
from studio.components.uploader import uploader

__all__ = ["cropper", "dataset_grid", "gallery", "live_jobs", "loss_chart", "uploader"]
