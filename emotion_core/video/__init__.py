"""Video files: read by their own time stamps, analysed into tables, copied with marks."""
