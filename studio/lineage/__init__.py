"""What something was made from and what it led to."""
