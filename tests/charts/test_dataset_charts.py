"""Charts of data sets, checked by the Vega-Lite document they give."""

from typing import Any

import numpy as np
import pytest

from emotion_core.charts.datasets import (
    AREA,
    agreement_chart,
    map_chart,
    shown_points,
)
from emotion_core.emotions import FER2013, Emotion


def layer_rows(spec: dict[str, Any], layer: int = 0) -> list[dict[str, Any]]:
    data = spec["layer"][layer].get("data", spec.get("data", {}))
    rows = data["values"] if "values" in data else spec["datasets"][data["name"]]
    return list(rows)


def test_agreement_gives_shares_of_the_label() -> None:
    spec = agreement_chart(
        [[6, 2, 2], [0, 0, 0]], ["happy", "sad"], ["sad", "happy", "nf"]
    ).to_dict()
    cells = {(row["label"], row["majority"]): row for row in layer_rows(spec)}
    assert cells["happy", "sad"]["share"] == 0.6
    assert cells["happy", "not a face"]["pictures"] == 2
    assert cells["sad", "happy"]["share"] == 0
    # The columns come in the order of the labels, so that agreement stands on the diagonal.
    assert spec["layer"][0]["encoding"]["x"]["sort"] == ["happy", "sad", "not a face"]
    with pytest.raises(ValueError, match=r"wanted \(2, 3\) counts\. Received: \(2, 2\)"):
        agreement_chart([[1, 2], [3, 4]], ["happy", "sad"], ["sad", "happy", "nf"])


def a_map(n: int = 50, **options: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, n)).astype(np.float32)
    kinds = [FER2013.names[i % 7] for i in range(n)]
    spec: dict[str, Any] = map_chart(x, y, kinds, FER2013.names, **options).to_dict()
    return spec


def test_map_points_have_place_colour_details_and_a_selection() -> None:
    spec = a_map(details={"Row": range(50)})
    rows = layer_rows(spec)
    assert len(rows) == 50
    assert {"map_x", "map_y", "emotion", "d0"} == set(rows[0])
    colour = spec["layer"][0]["encoding"]["color"]["scale"]
    assert colour["range"] == [Emotion(name).colour for name in FER2013.names]
    (selection,) = spec["params"]
    assert selection["name"] == AREA
    assert selection["select"]["type"] == "interval"


def test_a_large_set_is_drawn_by_evenly_spread_points_on_the_same_map() -> None:
    small, large = a_map(3000, max_points=100), a_map(3000)
    assert len(layer_rows(small)) == 100
    for axis in ("x", "y"):
        domains = [spec["layer"][0]["encoding"][axis]["scale"]["domain"] for spec in (small, large)]
        assert domains[0] == domains[1]
    chosen = shown_points(35_887)
    assert len(set(chosen)) == 6000
    assert (chosen[0], chosen[-1]) == (0, 35_886)
    assert shown_points(3) == [0, 1, 2]


def test_what_stands_out_is_drawn_last() -> None:
    x = np.arange(4, dtype=np.float32)
    spec = map_chart(x, x, ["wrong", "right", "wrong", "right"], ["right", "wrong"]).to_dict()
    assert [row["emotion"] for row in layer_rows(spec)] == ["right", "right", "wrong", "wrong"]
    assert len(set(spec["layer"][0]["encoding"]["color"]["scale"]["range"])) == 2


def test_maps_that_make_no_sense_are_refused_and_an_empty_one_is_drawn() -> None:
    x = np.zeros(2, np.float32)
    with pytest.raises(ValueError, match=r"of one length\. Received: 2, 2, 1"):
        map_chart(x, x, ["happy"], FER2013.names)
    with pytest.raises(ValueError, match="Received: 'joy'"):
        map_chart(x, x, ["happy", "joy"], FER2013.names)
    assert layer_rows(map_chart(x[:0], x[:0], [], FER2013.names).to_dict()) == []


def test_all_share_the_look_of_the_other_charts() -> None:
    for spec in (
        a_map(),
        agreement_chart([[1]], ["happy"], ["happy"]).to_dict(),
    ):
        assert spec["background"] == "transparent"
        assert spec["height"] > 0
        assert set(spec["padding"]) == {"left", "top", "right", "bottom"}
