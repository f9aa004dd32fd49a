"""Pictures that are the same: group numbers from equal keys or from pairs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.types import Int64Array


def equal_groups(keys: npt.NDArray[Any]) -> Int64Array:
    """Numbers the keys that occur more than once.

    Args:
        keys: (N,) anything that can be sorted.

    Returns:
        (N,) int64 group numbers in the order of each group's first row; -1 for single keys.
    """
    _, numbers = np.unique(keys, return_inverse=True)
    return _numbered(numbers)


def linked_groups(n: int, *links: Int64Array, along: Int64Array | None = None) -> Int64Array:
    """Numbers the rows that are linked, directly or through others.

    Args:
        n: number of rows.
        links: arrays (P, 2) of pairs of rows.
        along: (P, 2) further pairs, which enlarge groups but make none.

    Returns:
        (n,) int64 group numbers in the order of each group's first row; -1 for rows without link.
    """
    # Here and not at the top: a page that shows a kept report need not wait for SciPy.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nothing = np.zeros((0, 2), np.int64)
    makers = np.concatenate([nothing, *links])
    pairs = np.concatenate([makers, nothing if along is None else along])
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, numbers = connected_components(graph, directed=False)
    # A component that no pair of ``links`` made falls apart into single rows.
    made = np.isin(numbers, numbers[makers.ravel()])
    numbers = np.where(made, numbers, n + np.arange(n))
    return _numbered(numbers)


def group_links(groups: Int64Array) -> Int64Array:
    """(P, 2) pairs that link each group's rows to its first row."""
    rows = np.flatnonzero(groups >= 0)
    _, first, inverse = np.unique(groups[rows], return_index=True, return_inverse=True)
    return np.stack([rows[first[inverse]], rows], axis=1)


def varied_groups(groups: Int64Array, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """(N,) bool: rows of groups in which the values differ."""
    _, codes = np.unique(values, return_inverse=True)
    inside = groups >= 0
    n = int(groups.max(initial=-1)) + 1
    low, high = np.full(n, len(codes)), np.full(n, -1)
    np.minimum.at(low, groups[inside], codes[inside])
    np.maximum.at(high, groups[inside], codes[inside])
    varied = np.zeros(len(groups), bool)
    varied[inside] = (low < high)[groups[inside]]
    return varied


def _numbered(numbers: npt.NDArray[Any]) -> Int64Array:
    """Renumbers groups by their first row, single ones to -1."""
    _, first, inverse, counts = np.unique(
        numbers, return_index=True, return_inverse=True, return_counts=True
    )
    many = counts > 1
    order = np.full(len(counts), -1, np.int64)
    order[np.flatnonzero(many)[np.argsort(first[many])]] = np.arange(int(many.sum()))
    return order[inverse]
