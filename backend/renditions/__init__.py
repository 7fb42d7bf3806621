"""Renditions: an asset as it goes out: the format a platform takes, cropped or shortened, stripped, with the AI mark."""
