"""Whether a picture shows the influencer: references, threshold, review queue."""
