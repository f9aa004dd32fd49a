"""Runs a command as on a processor with AVX2 only, on one that has AVX-512.

Most laptops have no AVX-512, and figures from a server with it say little about them. LiteRT asks
the processor (`xgetbv`) which registers the operating system keeps; in a copy of the package this
instruction is replaced by the answer of a processor without AVX-512 (`mov al, 7; nop`), so that
XNNPACK takes its AVX2 kernels. oneDNN (TensorFlow, for the peers), OpenCV and NumPy are told by
their own environment variables. What is measured is this processor with the instructions of the
other kind: ratios carry over, milliseconds only roughly.

    python benchmarks/without_avx512.py python -m emotion_core benchmark --peers --json
    python benchmarks/without_avx512.py --check

AVX-VNNI stays: most laptops of Intel have it since 2021. ``--plain-avx2`` before the command takes
that away, too, by answering CPUID itself (masked_cpuid.c; Linux on Intel, needs a C compiler).
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_XGETBV, _WITHOUT = b"\x0f\x01\xd0", b"\xb0\x07\x90"
_AVX512_OPENCV = "AVX512F,AVX512BW,AVX512CD,AVX512DQ,AVX512VL,AVX512-COMMON,AVX512-SKX,AVX512-ICL"
_ENVIRONMENT = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENCV_CPU_DISABLE": _AVX512_OPENCV,
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
# Milliseconds of the flagship's eight faces, in a process of its own.
_TIME = """
import sys, time
import numpy as np
from emotion_core.classifiers.registry import load_model
from emotion_core.classifiers.runtime import ms_per_face
print(ms_per_face(load_model(threads=1)))
"""


def without_avx512(folder: Path) -> dict[str, str]:
    """The environment of a process that takes no AVX-512 kernels.

    Args:
        folder: where the changed copy of LiteRT goes.
    """
    found = importlib.util.find_spec("ai_edge_litert")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("Wanted the package ai-edge-litert. It is not installed.")
    copy = folder / "ai_edge_litert"
    shutil.copytree(found.submodule_search_locations[0], copy)
    changed = 0
    for path in copy.glob("*.so"):
        content = path.read_bytes()
        # Some more places happen to hold these bytes in libraries that are not used here.
        if path.name in ("libpywrap_litert_common.so", "libLiteRt.so") and _XGETBV in content:
            path.write_bytes(content.replace(_XGETBV, _WITHOUT))
            changed += 1
    if not changed:
        raise SystemExit("This LiteRT asks the processor in another way: nothing was changed.")
    paths = [str(folder), str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def plain_avx2(folder: Path) -> dict[str, str]:
    """The environment of a process that sees a processor with AVX2 and nothing newer.

    Args:
        folder: where what answers CPUID goes.
    """
    library = folder / "masked_cpuid.so"
    source = Path(__file__).with_name("masked_cpuid.c")
    build = ["cc", "-O1", "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(build, check=True)
    environment = {**os.environ, **_ENVIRONMENT, "LD_PRELOAD": str(library)}
    subprocess.run(["true"], env=environment, check=True)
    return environment


def main() -> int:
    """Runs the command of the arguments, or says what difference it makes."""
    arguments = sys.argv[1:]
    plain = arguments[:1] == ["--plain-avx2"]
    arguments = arguments[plain:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        environment = (plain_avx2 if plain else without_avx512)(Path(scratch))
        if arguments[0] == "--check":
            command = [sys.executable, "-c", _TIME]
            for title, variables in (("as it is", None), ("without AVX-512", environment)):
                found = subprocess.run(
                    command, env=variables, capture_output=True, text=True, check=True
                )
                print(f"{title}: {float(found.stdout):.2f} ms per face")
            return 0
        return subprocess.run(arguments, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
