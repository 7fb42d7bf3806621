"""Who an influencer is in pictures: references, scores, thresholds."""
