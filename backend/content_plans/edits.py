"""What is changed of a file for one post; the file itself stays as it is."""

from __future__ import annotations

from pydantic import Field

from backend.kit.drafts import Draft


class FileEdit(Draft):
    """`ratio`: width/height it is cropped to, around `focus` (0 left or top, 1 right or bottom; None: the middle).

    `width`: px at most; `least`: px wide that a narrower picture is enlarged to. `seconds`: only the first so many.
    `transcode`: as every platform plays it.
    """

    ratio: float | None = Field(None, ge=0.1, le=10)
    focus: float | None = Field(None, ge=0, le=1)
    width: int | None = Field(None, ge=64, le=10_000)
    least: int | None = Field(None, ge=64, le=2_000)
    seconds: float | None = Field(None, ge=0.5, le=12 * 3600)
    transcode: bool = False

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return any((self.ratio, self.width, self.least, self.seconds, self.transcode))
