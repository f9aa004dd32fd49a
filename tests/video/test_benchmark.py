"""The benchmark's film holds people who can be found, and its figures are of the whole clip."""

from pathlib import Path

import video

from emotion_core.video.probing import probe_video


def test_its_film_is_read_and_measured(tmp_path: Path) -> None:
    clip = tmp_path / "film.mp4"
    video.write_film(clip, 1, faces=2)
    info = probe_video(clip)
    assert (info.width, info.height, info.duration_s) == (video.WIDTH, video.HEIGHT, 1.0)
    found = video.measure("analyse", clip, "0.4s", "compact")
    assert (found["sampled"], found["people"], found["faces"], found["shots"]) == (3, 2, 6, 1)
    assert found["cpu_seconds"] > 0
    assert len(found["rss_mb"]["by_thirds"]) == 3
    assert set(found["stage_ms"]) == {"detect", "crop", "classify", "track"}
    decoded = video.measure("decode", clip, "0.4s", None)
    assert decoded["sampled"] == 3
    for part in (found, decoded):
        part.update(video_fps=50.0, cpu_ms_per_sample=10.0)
    text = video.text({"decode": decoded, "analyse": found, "machine": {"load": 0.1}})
    assert "an hour takes 30.0 minutes" in text
