"""Makes the rows and files that tests start from, one noun a file."""
