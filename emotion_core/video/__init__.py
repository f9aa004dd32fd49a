"""Video files: read by time stamps, analysed to a table that a kill cannot spoil, and looked at."""
