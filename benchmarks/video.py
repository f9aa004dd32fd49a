"""How fast a video is analysed, what that holds in memory, and what decoding alone takes.

    python benchmarks/video.py [--seconds N] [--faces 1|2] [--every 0.2s] [--peers] [--json]

A clip of 1280x720 at 25 frames a second is made in which people sway before a grainy wall, with a
cut every 20 seconds. Then each contender reads it in a process of its own, so that its processor
time and memory are its own: `analyze_video` as the command has it, and `iter_frames` alone, which
decodes all frames and hands over the sampled ones. Wanted: an hour in at most 12 minutes on two
cores, so 125 frames of video a second, and less than 450 MB that do not grow.

`--peers` reads sampled frames of the same clip with other people's packages, in turns with ours; a
peer's loop is what it takes for a frame and what decoding takes until the next one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import av  # noqa: E402
import cv2  # noqa: E402
import matplotlib.cbook  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
import skimage.data  # noqa: E402
from PIL import Image  # noqa: E402

from emotion_core.cli.benchmark.machine import machine_facts  # noqa: E402
from emotion_core.cli.benchmark.peers import Peer, available_peers  # noqa: E402
from emotion_core.video.sampling import Sampling  # noqa: E402

WIDTH, HEIGHT, RATE = 1280, 720, 25
WANTED_FPS, WANTED_MB = 125.0, 450.0
_SCENE_S = 20
_PEER_FRAMES = 40


def film(seconds: int, faces: int) -> Iterator[np.ndarray]:
    """(720, 1280, 3) uint8 BGR frames of one or two people."""
    random = np.random.default_rng(0)
    smiling = skimage.data.astronaut()[:300, 80:380, ::-1]
    portrait = str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    serious = np.array(Image.open(portrait).convert("RGB").crop((80, 20, 420, 420)))[..., ::-1]
    people = [np.ascontiguousarray(face) for face in (smiling, serious)][:faces]
    for index in range(seconds * RATE):
        scene, time_s = index // (_SCENE_S * RATE), index / RATE
        if index % (_SCENE_S * RATE) == 0:
            blocks = random.integers(0, 200, (18, 32, 3), np.uint8)
            wall = cv2.resize(blocks, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        grain = random.integers(0, 10, (HEIGHT // 4, WIDTH // 4, 3), np.uint8)
        image = cv2.add(wall, cv2.resize(grain, (WIDTH, HEIGHT)))
        for person, face in enumerate(people):
            side = 260 - 40 * person
            x = int(250 + 480 * person + 90 * np.sin(0.9 * time_s + person + scene))
            y = int(200 + 60 * np.cos(0.7 * time_s + person))
            image[y : y + side, x : x + side] = cv2.resize(face, (side, side))
        yield image


def write_film(path: Path, seconds: int, faces: int) -> None:
    """Encodes the film as cameras and editors do: H.264 with B-frames."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index, image in enumerate(film(seconds, faces)):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def measure(part: str, clip: Path, every: str, model: str | None) -> dict[str, Any]:
    """Reads the clip in this process."""
    # Here: the process that measures nothing need not load them.
    from emotion_core.video.analysis import analyze_video
    from emotion_core.video.reading import iter_frames
    from emotion_core.video.results import VideoProgress

    process, memory_mb = psutil.Process(), []
    stages: dict[str, list[float]] = {}

    def look() -> None:
        memory_mb.append(process.memory_info().rss / 1e6)

    def progress(now: VideoProgress) -> None:
        for stage, ms in now.result.stage_ms.items():
            stages.setdefault(stage, []).append(ms)
        look()

    sampling = Sampling.parse(every)
    began, used = time.perf_counter(), sum(process.cpu_times()[:2])
    if part == "decode":
        for _ in iter_frames(clip, sampling):
            look()
        rows: dict[str, Any] = {}
    else:
        with TemporaryDirectory() as folder:
            done = analyze_video(
                clip, output=folder, sampling=sampling, model=model, progress=progress
            )
        rows = {
            "people": done.summary["people"],
            "faces": done.summary["faces"],
            "shots": done.summary["shots"],
            "stage_ms": {name: round(statistics.median(ms), 2) for name, ms in stages.items()},
        }
    seconds = time.perf_counter() - began
    third = max(1, len(memory_mb) // 3)
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(sum(process.cpu_times()[:2]) - used, 2),
        "sampled": len(memory_mb),
        "rss_mb": {
            "by_thirds": [round(max(memory_mb[i * third : (i + 1) * third])) for i in range(3)],
            "end": round(process.memory_info().rss / 1e6),
        },
        **rows,
    }


def in_own_process(part: str, args: argparse.Namespace, clip: Path) -> dict[str, Any]:
    """Measures a part in a process that does nothing else."""
    line = [sys.executable, __file__, "--part", part, "--clip", str(clip), "--every", args.every]
    line += ["--model", args.model] if args.model else []
    done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    frames = args.seconds * RATE
    found["video_fps"] = round(frames / found["seconds"], 1)
    found["cpu_ms_per_sample"] = round(1000 * found["cpu_seconds"] / found["sampled"], 1)
    return found


def main() -> None:
    """Makes the clip, lets each part read it, and prints what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=120, help="of the clip (default: 120)")
    parser.add_argument("--faces", type=int, choices=(1, 2), default=1)
    parser.add_argument("--every", default="0.2s", help="as of the command video")
    parser.add_argument("--model", metavar="NAME")
    parser.add_argument("--peers", action="store_true", help="other people's packages beside ours")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=("decode", "analyse"), help=argparse.SUPPRESS)
    parser.add_argument("--clip", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        print(json.dumps(measure(args.part, args.clip, args.every, args.model)))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "film.mp4"
        write_film(clip, args.seconds, args.faces)
        machine = machine_facts()
        found: dict[str, Any] = {
            "machine": machine,
            "clip": {
                "size": [WIDTH, HEIGHT], "fps": RATE, "seconds": args.seconds,
                "faces": args.faces, "every": args.every, "size_mb": round(_mb(clip), 1),
            },
            "decode": in_own_process("decode", args, clip),
            "analyse": in_own_process("analyse", args, clip),
        }  # fmt: skip
        if args.peers:
            found["peers"] = peers_beside(args, clip, folder, found["decode"])
    print(json.dumps(found, indent=2) if args.json else text(found))


def peers_beside(
    args: argparse.Namespace, clip: Path, folder: Path, decode: dict[str, Any]
) -> dict[str, Any]:
    """Peers on sampled frames of the clip, and ours again in turns with them."""
    from emotion_core.video.reading import iter_frames

    span = args.seconds / _PEER_FRAMES
    paths = {}
    for frame in iter_frames(clip, Sampling(every_s=span)):
        path = folder / f"{frame.index}.npy"
        np.save(path, frame.image)
        paths[str(frame.index)] = path
    decode_ms = 1000 * decode["seconds"] / decode["sampled"]
    results = {}
    for name in available_peers(lambda note: print(note, file=sys.stderr)):
        times, faces = [], 0
        with Peer(name, paths) as peer:
            peer.time(next(iter(paths)))  # the first one loads and compiles
            for key in paths:
                ms, n = peer.time(key)
                times.append(ms)
                faces += n
        ours = in_own_process("analyse", args, clip)
        theirs_ms = statistics.median(times) + decode_ms
        ours_ms = 1000 * ours["seconds"] / ours["sampled"]
        results[name] = {
            "ms_per_sample": round(theirs_ms, 1),
            "ours_ms_per_sample": round(ours_ms, 1),
            "ours_share": round(ours_ms / theirs_ms, 3),
            "faces_per_frame": round(faces / len(times), 2),
        }
    return results


def text(found: dict[str, Any]) -> str:
    """The figures for people."""
    lines = []
    for part in ("decode", "analyse"):
        of = found[part]
        thirds = ", ".join(f"{mb}" for mb in of["rss_mb"]["by_thirds"])
        lines.append(
            f"{part:8} {of['video_fps']:7.1f} frames of video a second, {of['cpu_ms_per_sample']} "
            f"ms of processor time a sample, memory by thirds {thirds} MB"
        )
    analyse = found["analyse"]
    hour_min = 3600 * RATE / analyse["video_fps"] / 60
    lines.append(f"an hour takes {hour_min:.1f} minutes; wanted: 12, so {WANTED_FPS:g} frames/s")
    lines.append(f"memory at the end {analyse['rss_mb']['end']} MB; wanted: below {WANTED_MB:g}")
    lines.append(f"stages, ms: {analyse['stage_ms']}")
    for name, of in found.get("peers", {}).items():
        lines.append(
            f"{name}: {of['ms_per_sample']} ms a sample, ours {of['ours_ms_per_sample']}: "
            f"{of['ours_share']:.2f} of its time"
        )
    lines.append(f"load of the machine at the start: {found['machine']['load']}")
    return "\n".join(lines)


def _mb(path: Path) -> float:
    return path.stat().st_size / 1e6


if __name__ == "__main__":
    main()
