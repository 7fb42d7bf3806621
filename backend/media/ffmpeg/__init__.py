"""FFmpeg in child processes: finding the binary, running it with progress, probing videos, preparing them for delivery."""

from backend.media.ffmpeg.runner import binary_path, render, version
from backend.media.ffmpeg.transcode import VideoCut, deliver, first_frame, h264_output, refit, remux, transcode
from backend.media.ffmpeg.video_info import VideoInfo, probe

__all__ = [
    "VideoCut",
    "VideoInfo",
    "binary_path",
    "deliver",
    "first_frame",
    "h264_output",
    "probe",
    "refit",
    "remux",
    "render",
    "transcode",
    "version",
]
