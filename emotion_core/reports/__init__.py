"""What stored sessions say: statistics, comparison, agreement, files for other tools, reports.

Pure functions: frame tables come in, tables and files go out. Nothing here knows a database or a
page.
"""
