"""Programs around the studio: the local stack, the practice platform, the demo, the reset link."""
