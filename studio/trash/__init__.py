"""What the page of the trash draws."""
