"""A ``.tflite`` network on LiteRT: tensors in, logits out, without TensorFlow."""

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from emotion_core.errors import ModelError
from emotion_core.native_messages import quiet_start
from emotion_core.types import Float32Array, checked

#: Rows that go through the network at once. The time per face is the same from 1 to 16 within
#: 5 % (benchmarks/export_modes.py), so this bounds memory and how long one call keeps others out.
MAX_ROWS = 32


@contextlib.contextmanager
def litert_errors(what: str) -> Iterator[None]:
    """What LiteRT raises for a file, in a sentence that begins with ``what``."""
    try:
        yield
    except (RuntimeError, ValueError, MemoryError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(f"{what} {reason:.200}") from error


class LiteRTNetwork:
    """A ``.tflite`` network: tensors in, logits out. Belongs to one thread.

    The file holds a batch of any size. Changing the size costs 0.06 ms where a face costs 0.3 ms,
    and no row depends on the others, so one interpreter serves every batch size without padding,
    and several faces are shared out among interpreters, each on a thread of its own. Threads
    inside of one interpreter wait for each other after every layer, and spin while they wait:
    better on an idle processor, for a lone face by far; bad beside a browser that plays video.

    Args:
        content: the file's bytes.
        threads: how many threads several faces are shared out among.
        spin: whether they share out every layer instead, a lone face's too.

    Raises:
        ModelError: not a network with one float input (N, S, S, C) and one output (N, K), or
            one that LiteRT cannot run.
        ValueError: fewer threads than one.
    """

    def __init__(self, content: bytes, *, threads: int = 1, spin: bool = False) -> None:
        if threads < 1:
            raise ValueError(f"threads: wanted at least 1. Received: {threads}")
        within, threads = (threads, 1) if spin else (1, threads)
        self._content = content if threads > 1 else b""
        self._interpreters = [_Interpreter(content, within)]
        self._threads = threads
        self._helpers = ThreadPoolExecutor(threads - 1, "faces") if threads > 1 else None
        #: (S, S, C) of the input.
        self.input_shape = self._interpreters[0].input_shape
        #: Number of outputs.
        self.n_classes = self._interpreters[0].n_classes

    def run(self, tensor: Float32Array) -> Float32Array:
        """Logits of a tensor.

        Args:
            tensor: (N, S, S, C) float32. N may be 0.

        Returns:
            (N, K) float32.

        Raises:
            ValueError: another shape or dtype.
            ModelError: the network cannot be run.
        """
        checked("tensor", tensor, (None, *self.input_shape), np.float32)
        logits = np.empty((len(tensor), self.n_classes), np.float32)
        shares = max(1, min(self._threads, len(tensor)))
        with litert_errors("This model's network cannot be run; choose another model."):
            while len(self._interpreters) < shares:  # only who sees several faces needs more
                self._interpreters.append(_Interpreter(self._content, 1))
            work = zip(
                self._interpreters,
                np.array_split(tensor, shares),
                np.array_split(logits, shares),
                strict=False,
            )
            mine = next(work)
            waiting = [self._helpers.submit(_fill, *part) for part in work] if self._helpers else []
            try:
                _fill(*mine)
            finally:  # nobody writes into an array that was given up
                wait(waiting)
            for part in waiting:
                part.result()
        return logits


def _fill(interpreter: "_Interpreter", tensor: Float32Array, logits: Float32Array) -> None:
    for start in range(0, len(tensor), interpreter.max_rows):
        part = tensor[start : start + interpreter.max_rows]
        logits[start : start + len(part)] = interpreter.run(part)


class _Interpreter:
    """A network in the memory of one thread at a time. Errors as of ``LiteRTNetwork``."""

    def __init__(self, content: bytes, threads: int) -> None:
        # Here and not at the top: a page that only shows model cards needs no interpreter.
        from ai_edge_litert.interpreter import Interpreter

        with quiet_start(), litert_errors("Wanted a LiteRT network."):
            self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
            inputs = self._interpreter.get_input_details()
            outputs = self._interpreter.get_output_details()
            self._interpreter.allocate_tensors()  # introduces itself, once per process
        shapes = [tuple(int(n) for n in t["shape"]) for t in (*inputs, *outputs)]
        is_float = all(tensor["dtype"] == np.float32 for tensor in (*inputs, *outputs))
        if [len(shape) for shape in shapes] != [4, 2] or not is_float:
            raise ModelError(
                "Wanted a network with one float32 input (N, S, S, C) and one float32 output "
                f"(N, classes). Received: {shapes}"
            )
        self._input: int = inputs[0]["index"]
        self._output: int = outputs[0]["index"]
        # Some converters fix the number of rows. What it is else is said by -1.
        rows = [int(n) for n in inputs[0].get("shape_signature", ())][:1] or [shapes[0][0]]
        if rows[0] > 1:
            raise ModelError(
                f"Wanted a network for one face or for any number. Received one for {rows[0]}."
            )
        #: Most faces at once.
        self.max_rows = 1 if rows == [1] else MAX_ROWS
        self._rows = shapes[0][0]
        self.input_shape = shapes[0][1:]
        self.n_classes = shapes[1][1]

    def run(self, tensor: Float32Array) -> Float32Array:
        """Logits of at most ``max_rows`` rows."""
        self._resize(len(tensor))
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output), np.float32)

    def _resize(self, rows: int) -> None:
        if rows != self._rows:
            # Forgotten first: if the allocation fails, the next call must not rely on it.
            self._rows = 0
            self._interpreter.resize_tensor_input(self._input, (rows, *self.input_shape))
            self._interpreter.allocate_tensors()
            self._rows = rows


def usable_threads() -> int:
    """How many threads faces are shared out among where nobody says: the cores, at most four.

    Every thread has the weights of its own in memory, and pictures with more faces are rare.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        cores = os.cpu_count() or 1
    return min(4, cores)
