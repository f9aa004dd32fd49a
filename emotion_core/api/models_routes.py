"""``/models``: what may be asked for."""

from typing import Any

from fastapi import APIRouter

from emotion_core.api.problems import Problem
from emotion_core.api.schemas import Models
from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.errors import DetectorError, ModelError
from emotion_core.faces import DetectorInfo, all_detectors, default_detector_name


def router() -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["Models"])

    @routes.get("/models", summary="Models and face detectors", response_model=Models)
    def models() -> dict[str, Any]:
        """The names for `model` and `detector`. Models whose card is broken are left out."""
        registry = ModelRegistry()
        default = registry.find_default()
        found = []
        for name in registry.names():
            try:
                found.append(_entry(registry.card(name), is_default=name == default))
            except ModelError:
                continue  # `models list` and `doctor` say what is wrong with it
        return {"models": found, "detectors": [_detector(info) for info in all_detectors()]}

    @routes.get("/models/{name}", summary="The card of a model")
    def model(name: str) -> dict[str, Any]:
        """Everything that is known of a model, as `models show NAME --json` prints it."""
        registry = ModelRegistry()
        try:
            return registry.card(name).to_dict()
        except ModelError as error:
            raise Problem(404, "no_such_model", str(error)) from error

    return routes


def _entry(card: ModelCard, *, is_default: bool) -> dict[str, Any]:
    heads = sorted(card.heads, key=lambda name: name != card.own_labels)
    return {
        "name": card.name,
        "title": card.title,
        "default": is_default,
        "description": card.description,
        "use_for": card.use_for,
        "labels": heads,
        "emotions": list(card.labels),
        "threshold": {name: card.heads[name].threshold for name in heads},
        "n_parameters": card.n_parameters,
        "ms_per_face": card.ms_per_face,
        "licence": card.licence,
        "accuracy": card.test_figures(card.own_labels).get("accuracy"),
        "sha256": card.sha256,
    }


def _detector(info: DetectorInfo) -> dict[str, Any]:
    try:
        default = default_detector_name()
    except DetectorError:
        default = ""
    useful = info.confidences
    return {
        "name": info.name,
        "title": info.title,
        "summary": info.summary,
        "default": info.name == default,
        "available": info.available,
        "reason": info.reason,
        "useful_min_confidence": [useful.lowest, useful.usual, useful.highest],
    }
