"""Video files: frames by their time stamps, analysis, people, annotated copies, uploads."""
