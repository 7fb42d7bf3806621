"""Loudness by EBU R 128, measured in this process: PyAV decodes, ffmpeg's `ebur128` measures.

Only for files that we wrote ourselves; those of others are measured in a child (`loudness.measure`).
"""

from __future__ import annotations

from pathlib import Path

import av
import av.filter

from backend.media.ffmpeg.loudness import METER, Loudness, read_meter


def measured(path: Path) -> Loudness:
    """Raises as PyAV, IndexError without sound."""
    name, options = METER
    notes: dict[str, str] = {}
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter, sink = graph.add(name, ":".join(f"{key}={value}" for key, value in options.items())), graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        for frame in container.decode(stream):
            graph.push(frame)
            _drain(graph, notes)
        graph.push(None)
        _drain(graph, notes)
    return read_meter(notes)


def _drain(graph: av.filter.Graph, notes: dict[str, str]) -> None:
    """Takes what the filter put out: its notes are kept, its sound is not."""
    while True:
        try:
            notes.update(graph.pull().metadata)
        except (av.BlockingIOError, av.EOFError):
            return
