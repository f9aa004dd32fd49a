"""The settings of a run, the presets, and recipes in files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from emotion_core.classifiers.architectures import ARCHITECTURES, FULLY_CONVOLUTIONAL
from emotion_core.datasets import LABEL_SOURCES
from emotion_core.errors import TrainingError
from emotion_core.training.augmentation import Augmentation

OPTIMIZERS = ("sgd", "adam", "adamw", "muon")
SCHEDULES = ("cosine", "one-cycle", "constant")
CLASS_BALANCES = ("none", "weights", "sampling")

_CHOICES = {
    "architecture": tuple(ARCHITECTURES),
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "labels": LABEL_SOURCES,
    "class_balance": CLASS_BALANCES,
}
_SHARES = ("warmup", "vote_share", "label_smoothing", "ema", "full_size_share", "teacher_weight")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides how a run goes. Written to ``config.json``.

    Attributes:
        architecture: a name of ``ARCHITECTURES``.
        epochs: passes over the training images.
        batch_size: images per step.
        optimizer: ``sgd`` (Nesterov momentum 0.9), ``adam``, ``adamw`` or ``muon``
            (orthogonal steps, https://github.com/KellerJordan/Muon).
        learning_rate: its peak.
        schedule: ``cosine``: up to the peak during ``warmup``, then down as a cosine to zero;
            ``one-cycle``: up during the first 30 % of the steps, then down to almost zero
            (arXiv 1708.07120, without its change of momentum); ``constant`` after ``warmup``.
        warmup: share of all steps, not used by ``one-cycle``.
        weight_decay: decoupled; not applied to biases and normalisation.
        labels: ``fer2013``; ``ferplus``: the taggers' votes, with contempt as an eighth output
            that is not served; ``mixed``: one distribution of both; ``both``: the original labels,
            and the votes by outputs of their own that are not kept (an auxiliary head);
            ``two-heads``: the same two as equals, both kept: the first outputs answer as the
            original labels do, the others as raters vote, contempt last.
        vote_share: share of the FER+ votes in ``mixed``, and in the loss with two distributions.
        label_smoothing: share of the target spread over all classes.
        class_balance: ``weights``: errors on rare emotions count more; ``sampling``: rare ones are
            shown more often; ``none``.
        early_stopping: end the run after this many epochs without a better validation accuracy;
            0 to go through all epochs.
        corrections: apply the corrections that stand beside the data set.
        leak_free: leave out training images that also stand, exactly or mirrored, in PublicTest
            or PrivateTest.
        ema: momentum of the averaged weights, 0 for none.
        train_size_px: side of the training faces during all but the last ``full_size_share``
            of the epochs; 0 for the full size. Only for fully convolutional networks.
        full_size_share: share of the epochs at the full size, at the end.
        augmentation: changes of the faces.
        start_from: a run folder or the name of a run or model whose weights the network begins
            with, of the same architecture; empty: random ones.
        teachers: run folders or model folders whose averaged, softened answers are mixed into the
            targets (knowledge distillation, arXiv 1503.02531).
        rater_teachers: the same for the raters' head of ``two-heads``.
        teacher_weight: share of the teachers in the targets.
        teacher_temperature: softens the teachers' answers; 1 leaves them as they are.
        tensorboard: also write logs for TensorBoard.
        seed: decides weights, order and augmentation.
    """

    architecture: str = "compact"
    epochs: int = 30
    batch_size: int = 128
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    schedule: str = "cosine"
    warmup: float = 0.05
    weight_decay: float = 0.0
    labels: str = "fer2013"
    vote_share: float = 0.4
    label_smoothing: float = 0.0
    class_balance: str = "none"
    early_stopping: int = 0
    corrections: bool = False
    leak_free: bool = True
    ema: float = 0.0
    train_size_px: int = 0
    full_size_share: float = 0.25
    augmentation: Augmentation = field(default_factory=Augmentation)
    start_from: str = ""
    teachers: tuple[str, ...] = ()
    rater_teachers: tuple[str, ...] = ()
    teacher_weight: float = 0.5
    teacher_temperature: float = 1.0
    tensorboard: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                _refuse(name, "one of " + ", ".join(known), getattr(self, name))
        if self.epochs < 1:
            _refuse("epochs", "at least 1", self.epochs)
        if self.batch_size < 2:
            _refuse("batch_size", "at least 2", self.batch_size)
        if not 0 < self.learning_rate < 10:
            _refuse("learning_rate", "between 0 and 10", self.learning_rate)
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                _refuse(name, "0 to 1", getattr(self, name))
        if not 0 <= self.weight_decay <= 1:
            _refuse("weight_decay", "0 to 1", self.weight_decay)
        if self.early_stopping < 0:
            _refuse("early_stopping", "0 or more epochs", self.early_stopping)
        if not 0.1 <= self.teacher_temperature <= 100:
            _refuse("teacher_temperature", "0.1 to 100", self.teacher_temperature)
        if not 0 <= self.seed < 2**31:
            _refuse("seed", "0 to 2147483647", self.seed)
        if self.rater_teachers and self.labels != "two-heads":
            _refuse("rater_teachers", "labels two-heads", self.labels)
        if self.train_size_px and self.architecture not in FULLY_CONVOLUTIONAL:
            _refuse("train_size_px", f"0 for {self.architecture}", self.train_size_px)
        if self.train_size_px and self.train_size_px < 24:
            _refuse("train_size_px", "0, or at least 24", self.train_size_px)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainingConfig":
        """Builds settings from a mapping as ``to_dict`` gives; what is missing has its default.

        Raises:
            TrainingError: unknown names or values outside their range.
        """
        return cls().with_values(values)

    def with_values(self, values: Mapping[str, Any]) -> "TrainingConfig":
        """A copy with some values replaced.

        Raises:
            TrainingError: unknown names or values outside their range.
        """
        changed = dict(values)
        if isinstance(changed.get("augmentation"), Mapping):
            parts = changed["augmentation"]
            _check_names(parts, Augmentation, "augmentation")
            changed["augmentation"] = replace(self.augmentation, **parts)
        for name in ("teachers", "rater_teachers"):
            if isinstance(changed.get(name), list):
                changed[name] = tuple(changed[name])  # JSON knows no tuples
        _check_names(changed, TrainingConfig, "training")
        try:
            return replace(self, **changed)
        except TypeError as error:
            raise TrainingError(f"Training settings of a wrong type: {error}") from error

    def size_at(self, epoch: int, full_px: int) -> int:
        """Side of the training faces in an epoch (from 0)."""
        small = self.train_size_px and epoch < round(self.epochs * (1 - self.full_size_share))
        return self.train_size_px if small else full_px


def _check_names(values: Mapping[str, Any], kind: type, what: str) -> None:
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise TrainingError(
            f"Unknown {what} settings: {', '.join(unknown)}. Known: {', '.join(sorted(known))}"
        )


def _refuse(name: str, wanted: str, came: object) -> None:
    raise TrainingError(f"{name}: wanted {wanted}. Received: {came}")
