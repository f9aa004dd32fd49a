"""The settings of a run, the presets, and recipes in files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from emotion_core.classifiers.architectures import ARCHITECTURES, FULLY_CONVOLUTIONAL
from emotion_core.datasets import LABEL_SOURCES
from emotion_core.errors import TrainingError
from emotion_core.schema.old_names import renamed
from emotion_core.schema.validation import (
    FORBID_OTHERS,
    check_fields,
    faults_in,
    shortened,
    validated,
)
from emotion_core.schema.value_types import Names, Number, OneOf, Text, WholeNumber, YesNo
from emotion_core.training.augmentation import Augmentation

OPTIMIZERS = ("sgd", "adam", "adamw", "muon")
SCHEDULES = ("cosine", "one-cycle", "constant")
CLASS_BALANCES = ("none", "weights", "sampling")

# Enough for everything that anybody trains here; more is a slip of the hand.
MAX_EPOCHS = 10_000
_Share = Annotated[float, Number(0, 1)]


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
        labels: ``fer2013``; ``raters``: the raters' votes, with contempt as an eighth output
            that is not served; ``mixed``: one distribution of both; ``auxiliary-head``: the
            original labels, and the votes by an auxiliary head that is not kept; ``multi-task``:
            two heads as equals, both kept: the first predicts the original labels, the second
            the raters' votes, contempt last.
        vote_share: share of the FER+ votes in ``mixed``, and in the loss with two heads.
        label_smoothing: share of the target spread over all classes.
        class_balance: ``weights``: errors on rare emotions count more; ``sampling``: rare ones are
            shown more often; ``none``.
        early_stopping: end the run after this many epochs without a better validation accuracy;
            0 to go through all epochs.
        corrections: apply the corrections that stand beside the data set.
        leak_free: leave out training images that also stand, exactly or mirrored, in PublicTest
            or PrivateTest.
        ema: momentum of the EMA weights (exponential moving average), 0 for none.
        progressive_resizing_px: side of the training faces before the last
            ``full_size_fraction`` of the epochs, which have the full size; 0: always the full
            size. Only for fully convolutional networks.
        full_size_fraction: share of the epochs at the full size, at the end.
        augmentation: changes of the faces.
        init_from: the checkpoint to initialise the weights from: a run folder, or the name of a
            run or model of the same architecture; empty: random weights.
        teachers: run folders or model folders whose averaged, softened predictions are mixed into
            the targets (knowledge distillation, arXiv 1503.02531).
        rater_teachers: the same for the raters' head of ``multi-task``.
        teacher_weight: share of the teachers in the targets.
        teacher_temperature: softens the teachers' predictions; 1 leaves them as they are.
        mixed_precision: multiply in bfloat16, with weights and sums in float32. A fifth to a half
            faster on a graphics card and on processors with AVX512-BF16 or AMX, slower on others.
        tensorboard: also write logs for TensorBoard.
        seed: decides weights, order and augmentation.
    """

    architecture: Annotated[str, OneOf(tuple(ARCHITECTURES))] = "compact"
    epochs: Annotated[int, WholeNumber(1, MAX_EPOCHS)] = 30
    batch_size: Annotated[int, WholeNumber(2, 16_384)] = 128
    optimizer: Annotated[str, OneOf(OPTIMIZERS)] = "sgd"
    learning_rate: Annotated[float, Number(1e-12, 10)] = 0.05
    schedule: Annotated[str, OneOf(SCHEDULES)] = "cosine"
    warmup: _Share = 0.05
    weight_decay: _Share = 0.0
    labels: Annotated[str, OneOf(LABEL_SOURCES)] = "fer2013"
    vote_share: _Share = 0.4
    label_smoothing: Annotated[float, Number(0, 1, usual=0.3)] = 0.0
    class_balance: Annotated[str, OneOf(CLASS_BALANCES)] = "none"
    early_stopping: Annotated[int, WholeNumber(0, MAX_EPOCHS)] = 0
    corrections: Annotated[bool, YesNo()] = False
    leak_free: Annotated[bool, YesNo()] = True
    ema: _Share = 0.0
    progressive_resizing_px: Annotated[int, WholeNumber(24, 1024, besides=0)] = 0
    full_size_fraction: _Share = 0.25
    augmentation: Augmentation = field(default_factory=Augmentation)
    init_from: Annotated[str, Text(4096)] = ""
    teachers: Annotated[tuple[str, ...], Names()] = ()
    rater_teachers: Annotated[tuple[str, ...], Names()] = ()
    teacher_weight: _Share = 0.5
    teacher_temperature: Annotated[float, Number(0.1, 100)] = 1.0
    mixed_precision: Annotated[bool, YesNo()] = False
    tensorboard: Annotated[bool, YesNo()] = False
    seed: Annotated[int, WholeNumber(0, 2**31 - 1)] = 1

    __pydantic_config__ = FORBID_OTHERS

    def __post_init__(self) -> None:
        check_fields(self, TrainingError, _misfits(self))

    def to_dict(self) -> dict[str, Any]:
        """The settings as a mapping, as ``from_dict`` takes them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: str = "") -> "TrainingConfig":
        """Builds settings from a mapping as ``to_dict`` gives; what is missing has its default.

        Raises:
            TrainingError: as ``with_values``.
        """
        return cls().with_values(values, source)

    def with_values(self, values: Mapping[str, Any], source: str = "") -> "TrainingConfig":
        """A copy with some values replaced.

        Args:
            values: by name, also by a name of earlier versions; a part of ``augmentation`` leaves
                its other parts as they are.
            source: where they came from, for the error; may be empty.

        Raises:
            TrainingError: unknown names, or values of a wrong type or outside their range; one
                sentence with every fault.
        """
        try:
            return validated(TrainingConfig, self._merged(values), source, TrainingError)
        except TrainingError as error:
            if source and not str(error).startswith(source):
                raise TrainingError(f"{source}: {error}") from error
            raise

    def faults_of(self, values: Mapping[str, Any]) -> list[str]:
        """What ``with_values`` would refuse, fault by fault."""
        try:
            return faults_in(TrainingConfig, self._merged(values))
        except TrainingError as error:
            return [str(error).removesuffix(".")]

    def _merged(self, values: Mapping[str, Any]) -> dict[str, Any]:
        values = renamed(values)
        merged = {**self.to_dict(), **values}
        if values.get("labels", self.labels) != "multi-task" and "rater_teachers" not in values:
            merged["rater_teachers"] = ()  # a head that the run will not have
        parts = values.get("augmentation")
        if isinstance(parts, Mapping):
            merged["augmentation"] = {**asdict(self.augmentation), **parts}
        return merged

    def size_at(self, epoch: int, full_px: int) -> int:
        """Side of the training faces in an epoch (from 0)."""
        small_px = self.progressive_resizing_px
        small = small_px and epoch < round(self.epochs * (1 - self.full_size_fraction))
        return small_px if small else full_px


def _misfits(config: TrainingConfig) -> list[str]:
    """Settings that do not fit each other. Each alone may still be of a wrong type."""
    found = []
    architecture, size_px = config.architecture, config.progressive_resizing_px
    known = isinstance(architecture, str) and architecture in ARCHITECTURES
    if size_px and known and architecture not in FULLY_CONVOLUTIONAL:
        found.append(
            f"progressive_resizing_px: wanted 0 for {architecture}. Received: {shortened(size_px)}"
        )
    if config.rater_teachers and config.labels != "multi-task":
        found.append(f"rater_teachers: wanted labels multi-task. Received: {config.labels}")
    return found
