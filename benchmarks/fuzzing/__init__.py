"""Damaged files for every reader: mutations, samples, readers, and a child that is watched.

``benchmarks/fuzz.py`` runs it for minutes, ``tests/test_fuzz.py`` for seconds.
"""
