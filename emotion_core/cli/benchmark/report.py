"""The figures of ``benchmark`` as text."""

from collections.abc import Mapping
from typing import Any


def as_text(figures: Mapping[str, Any]) -> str:
    """The figures for people's eyes; milliseconds are medians."""
    machine = figures["machine"]
    vectors = ", ".join(machine["vector_extensions"]) or "vector extensions not known"
    lines = [
        f"{machine['processor']} ({vectors}), "
        f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
        f"load {machine['load']} before. Model {figures['model']}, "
        f"head {figures['labels']}. "
        f"Medians of {figures['rounds']} rounds.",
        "",
        "Whole frame 640x480, ms            one face    five faces   faces found",
    ]
    rows = dict(figures["frame_ms"])
    rows |= {name: peer["frame_ms"] for name, peer in figures.get("peers", {}).items()}
    for name, ms in rows.items():
        found = figures["faces_found"][name]
        counts = f"{found['one']:.0f} and {found['five']:.0f}"
        lines.append(f"  {name:32} {ms['one']:8.1f} {ms['five']:13.1f}   {counts}")
    for peer, compared in figures.get("peers", {}).items():
        lines += ["", f"Share of {peer}'s time                one face    five faces"]
        for name, ratio in compared["ratio"].items():
            lines.append(f"  {name:32} {ratio['one']:8.2f} {ratio['five']:13.2f}")
    lines += ["", f"Stages of {figures['detector']}, ms        one face    five faces"]
    five = figures["stage_ms_five"]
    for stage, ms in figures["stage_ms"].items():
        lines.append(f"  {stage:32} {ms:8.2f} {five[stage]:13.2f}")
    per_face = ", ".join(
        f"{ms:.2f} in batches of {n}" for n, ms in figures["classifier_ms"].items()
    )
    memory = figures["rss_mb"]
    lines += [
        "",
        f"Classifier on one thread, ms per face: {per_face}",
        f"Start-up to the first result: {figures['first_result_s']:.2f} s, then "
        + (f"{memory:.0f} MB of memory" if memory is not None else "memory not told by the system"),
    ]
    return "\n".join(lines)
