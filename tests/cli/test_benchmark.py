"""``benchmark``: the frames, taking turns, peers in their own process, and the whole command."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from emotion_core.cli.benchmark import frames, machine, peers
from emotion_core.cli.benchmark.peers import Peer
from emotion_core.cli.benchmark.timing import FRAMES_A_TURN, take_turns
from emotion_core.cli.common import UsageError
from emotion_core.faces import build_detector


def test_frames_show_one_face_and_five() -> None:
    built = frames.build_frames(frames.benchmark_photos(None))
    detector = build_detector()
    assert {name: image.shape for name, image in built.items()} == {
        "one": (480, 640, 3),
        "five": (480, 640, 3),
    }
    assert {name: len(detector.detect(image)) for name, image in built.items()} == {
        "one": 1,
        "five": 5,
    }


def test_frames_of_ones_own_photo(astronaut_path: Path) -> None:
    built = frames.build_frames(frames.benchmark_photos(astronaut_path))
    assert len(build_detector().detect(built["five"])) == 5


def test_photo_without_a_face_is_refused(tmp_path: Path) -> None:
    from emotion_core.images import encode_png

    (tmp_path / "gray.png").write_bytes(encode_png(np.full((200, 200, 3), 128, np.uint8)))
    with pytest.raises(UsageError, match=r"No face found in gray\.png"):
        frames.build_frames([tmp_path / "gray.png"])


def test_without_any_photo_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_PACKAGED", (("no_such_package", "face.jpg"),))
    with pytest.raises(UsageError, match="--photo"):
        frames.benchmark_photos(None)


def test_contenders_take_turns_and_the_first_round_is_not_counted() -> None:
    order = []

    def contender(name: str, times: list[float]):
        def run(frame: str) -> tuple[float, int]:
            order.append((name, frame))
            return times.pop(0), 2

        return run

    medians, faces = take_turns(
        {
            "a": contender("a", [99] * FRAMES_A_TURN + [1, 2, 6] * FRAMES_A_TURN),
            "b": contender("b", [99] * FRAMES_A_TURN + [10, 30, 20] * FRAMES_A_TURN),
        },
        ["one"],
        rounds=3,
    )
    turns = [[("a", "one")] * FRAMES_A_TURN, [("b", "one")] * FRAMES_A_TURN]
    assert order == list(chain.from_iterable(turns * 4))
    assert medians == {"a": {"one": 2}, "b": {"one": 20}}
    assert faces == {"a": {"one": 2}, "b": {"one": 2}}


@pytest.fixture
def peers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for benchmarks/peers, with a peer that needs no environment of its own."""
    (tmp_path / "build.py").write_text("import sys; print(sys.executable)", encoding="utf-8")
    real = Path(__file__).parents[2] / "benchmarks" / "peers" / "worker.py"
    (tmp_path / "worker.py").write_bytes(real.read_bytes())
    (tmp_path / "stub_worker.py").write_text(
        "from worker import serve\n"
        "def load():\n"
        "    print('a library that talks on stdout')\n"
        "    return lambda frame: [0] * min(3, int(frame.sum()))\n"
        "serve(load)\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(peers, "PEERS_FOLDER", tmp_path)
    return tmp_path


def test_peer_answers_from_its_own_process(peers_folder: Path) -> None:
    frame = peers_folder / "frame.npy"
    np.save(frame, np.ones(3, np.uint8))
    with Peer("stub", {"one": frame}) as peer:
        for _ in range(2):
            ms, faces = peer.time("one")
            assert ms > 0
            assert faces == 3


def test_peer_that_fails_is_told(peers_folder: Path) -> None:
    (peers_folder / "stub_worker.py").write_text("raise SystemExit(3)", encoding="utf-8")
    with pytest.raises(UsageError, match="worker of stub ended with exit code 3"):
        Peer("stub", {})
    (peers_folder / "build.py").write_text("raise SystemExit(1)", encoding="utf-8")
    with pytest.raises(UsageError, match="environment of stub could not be built"):
        Peer("stub", {})


@pytest.mark.slow
def test_command(command, peers_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emotion_core.cli.benchmark import suite

    monkeypatch.setattr(suite, "available_peers", lambda note: ["stub"])
    outcome = command("benchmark", "--rounds", "1", "--detector", "haar", "--peers", "--json")
    assert outcome.code == 0, outcome.err
    figures = outcome.json
    assert set(figures["frame_ms"]) == {"haar", "haar@320"}
    assert set(figures["frame_ms"]["haar"]) == {"one", "five"}
    assert set(figures["classifier_ms"]) == {"1", "8"}
    assert {"decode", "detect", "crop", "classify", "draw"} <= set(figures["stage_ms"])
    assert figures["first_result_s"] > 0
    assert figures["rss_mb"] > 10
    assert figures["tensorflow_loaded"] is False
    stub = figures["peers"]["stub"]
    ours = figures["frame_ms"]["haar"]["one"]
    assert stub["ratio"]["haar"]["one"] == pytest.approx(ours / stub["frame_ms"]["one"], rel=0.01)


@pytest.mark.slow
def test_text_has_every_contender(command) -> None:
    outcome = command("benchmark", "--rounds", "1", "--detector", "haar")
    assert outcome.code == 0, outcome.err
    text = outcome.out.decode()
    for words in ("haar@320", "classify", "Start-up to the first result"):
        assert words in text


def test_the_machine_is_named_with_its_vector_extensions() -> None:
    name, flags = machine._of_cpuinfo(
        "processor\t: 0\nmodel name\t: AMD EPYC 7B13\nflags\t\t: fpu sse2 avx2 fma\n"
        "processor\t: 1\nmodel name\t: another\nflags\t\t: avx512f\n"
    )
    assert (name, machine.vector_extensions(flags)) == ("AMD EPYC 7B13", ["AVX2", "FMA"])
    name, flags = machine._of_cpuinfo("processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n")
    assert name
    assert machine.vector_extensions(flags) == ["NEON", "I8MM", "dot product"]
    here = machine.machine_facts()
    assert here["processor"]
    assert here["cores"]
