"""Stored sessions: what is known of them in a database, their rows in Parquet files beside it."""
