"""`python -m backend.media.ffmpeg.child_loudness FILE`: loudness of a file's sound by EBU R 128, as one JSON line.

PyAV decodes and ffmpeg's `ebur128` and `loudnorm` measure; `loudnorm` gives the four values in one line of its log.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import av
import av.filter
import av.logging

_FILTER = "loudnorm=I=-16:TP=-1.5:LRA=11:print_format=json"


def main() -> None:
    try:
        answer: dict[str, object] = dict(measured(Path(sys.argv[1])))
    except (av.FFmpegError, OSError, ValueError, MemoryError, IndexError) as error:
        answer = {"refused": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def measured(path: Path) -> dict[str, float]:
    """{"integrated", "true_peak", "range_lu", "threshold"}; silence measures -99. Raises as PyAV, IndexError without sound."""
    av.logging.set_level(av.logging.INFO)
    with av.logging.Capture(local=False) as lines, av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        name, _, options = _FILTER.partition("=")
        loudness, sink = graph.add(name, options), graph.add("abuffersink")
        source.link_to(loudness)
        loudness.link_to(sink)
        graph.configure()
        for frame in container.decode(stream):
            graph.push(frame)
            _drain(graph)
        graph.push(None)
        _drain(graph)
        # the filter says its values when it is taken apart
        del source, loudness, sink, graph
    text = "".join(line for _, _, line in lines)
    start, end = text.rfind("{"), text.rfind("}")
    if start < 0 or end < start:
        raise ValueError("its loudness could not be measured")
    values = json.loads(text[start : end + 1])
    names = {"input_i": "integrated", "input_tp": "true_peak", "input_lra": "range_lu", "input_thresh": "threshold"}
    return {name: max(-99.0, float(values[key])) for key, name in names.items()}


def _drain(graph: av.filter.Graph) -> None:
    """Takes what the filter put out: it is measured, not heard."""
    while True:
        try:
            graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return


if __name__ == "__main__":
    main()
