"""The user interface, one folder per page, and what they share in ``common``."""
