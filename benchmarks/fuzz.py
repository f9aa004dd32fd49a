"""Damaged files through every reader: what is taken, what is refused in words, what escapes.

    python benchmarks/fuzz.py --minutes 5
    python benchmarks/fuzz.py --reader "run folders" --seed 4711 --count 1     # one file again

The same seed makes the same file. An escape is an exception that is no ``EmotionLensError``, a
crash, a hang, or more than 6 GiB of memory. Exit code 1 if anything escaped.
"""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from fuzzing.campaign import Findings, run_seeds, until
from fuzzing.readers import READERS

# A reader that loads TensorFlow first needs a while before its first file.
_HEAVY = 3


def main() -> int:
    """Runs the campaign and prints what it found; 1 if something escaped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="in all (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="of the first file (default: 1)")
    parser.add_argument("--count", type=int, help="files of each reader, in place of --minutes")
    parser.add_argument(
        "--reader", action="append", choices=[reader.name for reader in READERS], metavar="NAME",
        help="only this one; may be repeated: " + ", ".join(reader.name for reader in READERS),
    )  # fmt: skip
    args = parser.parse_args()
    readers = [reader for reader in READERS if not args.reader or reader.name in args.reader]
    shares = [_HEAVY if reader.heavy else 1 for reader in readers]
    print("| reader | files | taken | refused | escaped | files a second |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    everything: list[Findings] = []
    for reader, share in zip(readers, shares, strict=True):
        deadline = time.monotonic() + 60 * args.minutes * share / sum(shares)
        seeds = (
            range(args.seed, args.seed + args.count) if args.count else until(deadline, args.seed)
        )
        found = run_seeds(reader, seeds)
        everything.append(found)
        _print_row(found)
    total = Findings("all")
    for found in everything:
        total.counts += found.counts
        total.seconds += found.seconds
    _print_row(total)
    for found in everything:
        for outcome in found.escapes:
            print(f"\n{found.reader}, seed {outcome.seed}:\n{outcome.text}")
    return 1 if total.counts["escaped"] else 0


def _print_row(found: Findings) -> None:
    counts = (found.counts[kind] for kind in ("read", "refused", "escaped"))
    cells = " | ".join(f"{count:,}" for count in counts)
    speed = found.n / max(found.seconds, 1e-9)
    print(f"| {found.reader} | {found.n:,} | {cells} | {speed:.0f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
