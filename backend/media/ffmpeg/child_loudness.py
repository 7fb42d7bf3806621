"""`python -m backend.media.ffmpeg.child_loudness FILE`: loudness of a file's sound by EBU R 128, as one JSON line. PyAV
decodes, ffmpeg's `ebur128` measures."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import av
import av.filter

from backend.media.ffmpeg.loudness import METER, Loudness, read_meter


def main() -> None:
    try:
        answer: dict[str, object] = asdict(measured(Path(sys.argv[1])))
    except (av.FFmpegError, OSError, ValueError, MemoryError, IndexError) as error:
        answer = {"refused": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


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


if __name__ == "__main__":
    main()
