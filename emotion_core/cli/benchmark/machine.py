"""The machine that figures were measured on: processor, vector extensions, cores, load."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

#: Extensions that networks on this machine may use, the widest first: {flag: name}.
#: Source: the flags of Linux' /proc/cpuinfo and the features of macOS' sysctl.
_EXTENSIONS = {
    "amx_int8": "AMX", "avx512_vnni": "AVX-512 VNNI", "avx512f": "AVX-512", "avx_vnni": "AVX-VNNI",
    "avx2": "AVX2", "fma": "FMA", "sve": "SVE", "asimd": "NEON", "neon": "NEON",
    "i8mm": "I8MM", "asimddp": "dot product",
}  # fmt: skip


def machine_facts() -> dict[str, Any]:
    """What a figure of time cannot be read without."""
    name, flags = _processor()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": name,
        "vector_extensions": vector_extensions(flags),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": None if load is None else round(load, 2),
        "threads": "each side as it comes: all cores, ours at most four, as for photos and files",
    }


def vector_extensions(flags: set[str]) -> list[str]:
    """The extensions among a processor's flags, the widest first."""
    return list(dict.fromkeys(name for flag, name in _EXTENSIONS.items() if flag in flags))


def _processor() -> tuple[str, set[str]]:
    """The processor's name and its flags, as far as the system tells."""
    if sys.platform == "linux":
        return _of_cpuinfo(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    if sys.platform == "darwin":
        brand = _sysctl("machdep.cpu.brand_string")
        features = f"{_sysctl('machdep.cpu.features')} {_sysctl('machdep.cpu.leaf7_features')}"
        flags = set(features.lower().replace(".", "_").split())
        return brand, flags | ({"neon"} if platform.machine() == "arm64" else set())
    return platform.processor() or platform.machine(), set()


def _of_cpuinfo(text: str) -> tuple[str, set[str]]:
    """Name and flags of the first processor in Linux' ``/proc/cpuinfo``."""
    values: dict[str, str] = {}
    for found in re.finditer(r"^([\w ]+?)\s*:\s*(.*)$", text, re.MULTILINE):
        values.setdefault(found[1].lower(), found[2])
    name = values.get("model name") or values.get("cpu model") or platform.machine()
    return name, set(f"{values.get('flags', '')} {values.get('features', '')}".split())


def _sysctl(name: str) -> str:
    try:
        line = ["sysctl", "-n", name]
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
