"""Rows and files for trying: a workspace with people, influencers, pictures, LoRAs, texts, posts and jobs."""
