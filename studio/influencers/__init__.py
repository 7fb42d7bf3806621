"""Influencers and the wizard that makes one."""
