"""Music for finished videos: the pieces that come along, each with its licence and where it is from."""

from backend.music.pieces import MusicTrack, get, page

__all__ = ["MusicTrack", "get", "page"]
