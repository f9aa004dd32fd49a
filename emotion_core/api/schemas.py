"""What the answers look like, for the OpenAPI document; a test compares them with real ones."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Face(_Document):
    """One face."""

    face: int = Field(description="Its number in the picture, in reading order, from 1.")
    box: list[float] = Field(description="x0, y0, x1, y1 in pixels of the upright picture.")
    detector_confidence: float | None
    emotion: str = Field(description="The most probable expression.")
    confidence: float = Field(description="Its probability.")
    uncertain: bool = Field(description="Whether that is below the threshold.")
    scores: dict[str, float] = Field(description="Calibrated probabilities; they sum to 1.")


class PictureResult(_Document):
    """One picture that could be read."""

    source: str = Field(description="The file's name, as it was sent.")
    width: int
    height: int
    rotation_deg: int = Field(description="By how much it was turned to find faces.")
    faces: list[Face] = Field(description="Empty where there are none.")
    annotated: str = Field(
        "",
        description="Only with `annotated=true`: the picture with its faces drawn, a JPEG in "
        "base64.",
        json_schema_extra={"contentEncoding": "base64", "contentMediaType": "image/jpeg"},
    )


class PictureError(_Document):
    """One picture that could not be read."""

    source: str
    error: str


class Analysis(_Document):
    """The document of the command ``analyze``."""

    model: str
    labels: str
    detector: str
    results: list[PictureResult]
    errors: list[PictureError]


class Job(_Document):
    """Long work at one moment."""

    id: str
    kind: str
    title: str
    state: str = Field(description="queued, running, stopping, stopped, failed or done.")
    done: float
    total: float = Field(description="0 while nobody knows.")
    unit: str = Field(description="What is counted; empty for a share.")
    rate: float | None = Field(description="Units per second.")
    eta_s: float | None = Field(description="Seconds until the stage ends.")
    message: str
    position: int = Field(description="Place in the queue from 1; 0 when it does not wait.")
    created: float = Field(description="Unix time, as the other moments.")
    started: float | None
    ended: float | None
    error: str = Field(description="Why it failed; else empty.")


class Jobs(_Document):
    """Jobs, newest first."""

    jobs: list[Job]


class VideoTaken(_Document):
    """A video that came in, and the job that reads it."""

    video: str = Field(description="Its id.")
    name: str
    job: Job


class Result(_Document):
    """What a job came to."""

    job: Job
    result: dict[str, Any]
    summary: dict[str, Any] | None = Field(
        description="Of a video: what the command writes as summary.json; null for other work."
    )


class ModelEntry(_Document):
    """A model in a few words."""

    name: str
    title: str
    default: bool
    description: str
    use_for: str
    labels: list[str] = Field(description="Whose labels it can predict, its own first.")
    emotions: list[str]
    threshold: dict[str, float] = Field(description="Uncertain below, per labels.")
    n_parameters: int
    ms_per_face: float | None
    licence: str
    accuracy: float | None = Field(description="On FER-2013's test images, by its own labels.")
    sha256: str


class DetectorEntry(_Document):
    """A face detector."""

    name: str
    title: str
    summary: str
    default: bool
    available: bool
    reason: str = Field(description="Why it cannot be used here; else empty.")
    useful_min_confidence: list[float] = Field(description="Lowest, usual, highest.")


class Models(_Document):
    """What may be asked for."""

    models: list[ModelEntry]
    detectors: list[DetectorEntry]


class ProblemDocument(BaseModel):
    """Why a request failed. Source: RFC 9457."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "blur: is for the annotated pictures: ask for annotated=true, too.",
                    "code": "wrong_options",
                    "errors": [
                        {
                            "option": "blur",
                            "fault": "is for the annotated pictures: ask for annotated=true, too",
                        }
                    ],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str = Field(description="What was wanted, what came, what to do.")
    code: str = Field(description="One word for programs, which stays the same.")
