"""A batch as a job: in the background, and when one that was stopped is resumed."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emotion_core.batch.options import BatchOptions
from emotion_core.batch.run import BatchProgress, BatchResult, run_batch
from emotion_core.files.atomic_files import readable
from emotion_core.jobs import JobContext

#: Key of ``jobs.kinds.KINDS``.
KIND = "batch"


def job_arguments(
    sources: list[str],
    output: Path,
    options: BatchOptions,
    *,
    recursive: bool,
    executor: str,
    workers: int | None,
    address: str | None,
    shard_size: int | None,
) -> dict[str, Any]:
    """Everything that a job needs to run, or to go on with, a batch from any folder."""
    return {
        "folder": readable(Path.cwd()),
        "sources": sources,
        "output": readable(output.absolute()),
        "options": options.to_dict(),
        "recursive": recursive,
        "executor": executor,
        "workers": workers,
        "address": address,
        "shard_size": shard_size,
    }


def job_key(output: Path) -> str:
    """What a job is about: of one output at most one is active."""
    return f"{KIND} {readable(output.absolute())}"


def job_title(output: Path) -> str:
    """What a job is called."""
    return f"Batch {readable(output.absolute().name)}"


def run_job(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Reads a batch, from where it is: whoever made the job has looked at its folder.

    Args:
        context: of the job.
        arguments: those of ``job_arguments``.

    Returns:
        See ``job_result``.
    """
    context.tell("Listing the inputs")
    os.chdir(arguments["folder"])  # sources are called as they were there
    done = run_batch(
        arguments["sources"],
        arguments["output"],
        options=BatchOptions.from_dict(arguments["options"]),
        recursive=arguments["recursive"],
        executor=arguments["executor"],
        workers=arguments["workers"],
        address=arguments["address"],
        shard_size=arguments["shard_size"],
        resume=True,
        progress=progress_to(context),
        cancelled=context.cancelled,
    )
    return job_result(done)


def progress_to(context: JobContext) -> Callable[[BatchProgress], None]:
    """Tells a job how far its batch is."""

    def tell(now: BatchProgress) -> None:
        context.tell(
            "Reading",
            now.done,
            now.total,
            unit="inputs",
            rate=now.rate,
            eta_s=now.eta_s,
            preview={"text": f"{now.failed:,} failed"} if now.failed else None,
        )

    return tell


def job_result(done: BatchResult) -> dict[str, Any]:
    """What a batch came to, as JSON."""
    return {
        "output": readable(done.output),
        "kind": done.kind,
        "total": done.total,
        "done": done.total,
        "read": done.read,
        "failed": done.failed,
        "parts": done.parts,
        "seconds": round(done.seconds, 2),
        "model": done.model,
        "labels": done.labels,
        "detector": done.detector,
    }
