"""What ingest does to pixels and bytes, bare. Arguments: FOLDER PREFIX ENDPOINT KEY SECRET BUCKET HALF."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio
from PIL import Image

from backend.media.images.pictures_child import dhash, grey_512, measure_picture

WIDTHS = (640, 320, 160)


def main(folder: str, prefix: str, endpoint: str, key: str, secret: str, bucket: str, half: str) -> None:
    os.nice(5)  # as the children of ingest: other work on the machine slows both alike
    client = Minio(urlsplit(endpoint).netloc, key, secret, secure=False, region="us-east-1")
    for path in sorted(Path(folder).iterdir())[int(half) :: 2]:
        data = path.read_bytes()
        hashlib.sha256(data).hexdigest()
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        grey = grey_512(picture)
        measure_picture(picture, grey)
        dhash(grey)
        small = picture
        for width in WIDTHS:
            size = (width, round(small.height * width / small.width))
            small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
            out = io.BytesIO()
            small.save(out, "WEBP", quality=80, method=2)
            client.put_object(
                bucket, f"{prefix}/{path.name}.w{width}.webp", io.BytesIO(out.getvalue()), out.tell(), content_type="image/webp"
            )
        client.put_object(bucket, f"{prefix}/{path.name}", io.BytesIO(data), len(data), content_type="image/jpeg")


if __name__ == "__main__":
    main(*sys.argv[1:])
