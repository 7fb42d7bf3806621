"""PDFs, ZIP archives and text files that users upload."""
