"""PDFs, archives and text files that people upload."""
