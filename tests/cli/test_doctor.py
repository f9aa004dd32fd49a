"""``doctor``: every check both ways."""

from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from emotion_core.cli import doctor_checks, doctor_packages
from emotion_core.cli.doctor_report import Check


def one(found) -> Check:
    (check,) = found
    return check


def test_report(command) -> None:
    outcome = command("doctor")
    lines = outcome.out.decode().splitlines()
    for name in ("Python", "Packages", "OpenCV", "Model ", "Detector ", "Camera", "Disk"):
        assert any(f"  {name}" in line for line in lines), name
    assert outcome.code == int(any("PROBLEM" in line for line in lines))


@pytest.mark.slow
def test_report_as_json(command) -> None:
    document = command("doctor", "--json").json
    assert {check["status"] for check in document["checks"]} <= {"ok", "note", "problem"}
    problems = [check for check in document["checks"] if check["status"] == "problem"]
    assert document["ok"] == (not problems), problems


@pytest.mark.slow
def test_problem_exits_1_and_says_what_to_do(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_DATASET", str(tmp_path / "missing.parquet"))
    outcome = command("doctor")
    assert outcome.code == 1
    line = next(line for line in outcome.out.decode().splitlines() if "Data set" in line)
    assert line.startswith("PROBLEM")
    assert "What to do:" in line


def test_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one(doctor_checks.check_python()).status == "ok"
    monkeypatch.setattr(doctor_checks.sys, "version_info", (3, 10, 4, "final", 0))
    assert one(doctor_checks.check_python()).status == "problem"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("numpy>=2", "ok"),
        ("numpy>=2  # why", "ok"),
        ("numpy<1", "problem"),
        ("no-such-package-anywhere", "problem"),
        ('no-such-package-anywhere; python_version < "3"', "ok"),
    ],
)
def test_package_bounds(tmp_path: Path, line: str, status: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"# why\n\n{line}\n", encoding="utf-8")
    found = [check.status for check in doctor_packages.check_packages(path)]
    assert ("problem" in found) == (status == "problem")


def test_extras_of_an_installed_package_are_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Message()
    for line in ("numpy>=2", "no-such-base", 'no-such-extra; extra == "app"'):
        told["Requires-Dist"] = line
    for extra in ("app", "dev"):
        told["Provides-Extra"] = extra
    monkeypatch.setattr(doctor_packages.metadata, "metadata", lambda _: told)
    found = [(check.name, check.status, check.detail) for check in doctor_packages.check_packages()]
    assert found[0] == ("Packages", "problem", "no-such-base is not installed.")
    assert found[1][2].startswith("1 within bounds: numpy")
    assert found[2:] == [("Extra app", "note", "Not complete: no-such-extra is not installed.")]


@pytest.mark.parametrize(
    ("wheels", "status"),
    [
        ({"opencv-python-headless": "4.12.0.88"}, "ok"),
        ({"opencv-python-headless": "5.0.0.1"}, "problem"),
        ({"opencv-python-headless": "4.12.0.88", "opencv-python": "4.12.0.88"}, "problem"),
        ({}, "problem"),
    ],
)
def test_one_opencv_wheel(monkeypatch: pytest.MonkeyPatch, wheels: dict, status: str) -> None:
    def version(name: str) -> str:
        if name not in wheels:
            raise metadata.PackageNotFoundError(name)
        return wheels[name]

    monkeypatch.setattr(doctor_packages.metadata, "version", version)
    check = one(doctor_packages.check_opencv())
    assert check.status == status
    assert bool(check.advice) == (status == "problem")


def test_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "set.parquet"
    monkeypatch.setenv("EMOTION_LENS_DATASET", str(path))
    path.write_bytes(b"not parquet")
    assert one(doctor_checks.check_dataset()).status == "problem"
    pq.write_table(pa.table({"label": [1]}), path)
    check = one(doctor_checks.check_dataset())
    assert check.status == "problem"
    assert "image, usage" in check.detail
    pq.write_table(pa.table({"label": [1], "image": [b""], "usage": ["Training"]}), path)
    check = one(doctor_checks.check_dataset())
    assert check.status == "ok"
    assert "1 images" in check.detail
    monkeypatch.delenv("EMOTION_LENS_DATASET")
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    assert one(doctor_checks.check_dataset()).status == "note"


def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(doctor_checks, "MIN_FREE_BYTES", 0)
    assert one(doctor_checks.check_disk()).status == "ok"
    monkeypatch.setattr(doctor_checks, "MIN_FREE_BYTES", 10**18)
    assert one(doctor_checks.check_disk()).status == "problem"
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "missing"))
    assert one(doctor_checks.check_disk()).status == "problem"


def test_disk_use_names_the_largest_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_bytes(b"x" * 90_000_000)
    check = one(doctor_checks.check_disk_use())
    assert (check.status, check.name) == ("ok", "Disk use")
    assert "most of it videos 90.0 MB" in check.detail


@pytest.mark.slow
def test_a_missing_package_does_not_stop_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor_checks.sys.modules, "emotion_core.faces", None)
    found = {check.name: check for check in doctor_checks.run_checks()}
    assert found["Detectors"].status == "problem"
    assert found["Detectors"].advice
    assert "Disk" in found
