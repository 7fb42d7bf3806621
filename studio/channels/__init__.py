"""Channels: an influencer's accounts on platforms."""
