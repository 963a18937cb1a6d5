"""Image files: what is on disk, doubted and placed."""
