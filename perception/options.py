"""The numbers of perception a user may change (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from perception.models.options import ModelOptions
from perception.remote.options import RemoteOptions
from perception.vlm.options import VlmOptions
from perception.weights.options import WeightsOptions

VlmFault = Literal[
    "none",
    "malformed",
    "overlapping",
    "out_of_range",
    "background",
    "refusal",
    "empty",
    "swapped",
    "unreachable",
]


@dataclass(frozen=True)
class GridOptions:
    """The numbered grid and the questions asked about it (arXiv 2409.17621: 5 x 5 cells, 3 per role)."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    n: int = 5
    """Cells along a side of the object's box."""
    cells_per_role: int = 3
    crop_px: int = 512
    """Long side of the picture the model sees, and the largest that may leave the machine."""
    min_cell_px: int = 20
    """A slender object's picture is stretched across until the short side of a cell has this much: room for
    a label 11 px high."""
    min_share: float = 0.05
    """A cell lies on the object when at least this share of its pixels does."""
    asks: int = 3
    """How often the model is asked, repair prompts included, before the fallback takes over."""
    ask_twice: bool = False
    """Ask once more with the labels running backward; an answer that disagrees counts as a bad reply."""


@dataclass(frozen=True)
class DetectorOptions:
    """When a detection or a cluster counts."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    score_threshold: float = 0.15
    """Raw score of an open-vocabulary detector; 0.1 lets many false boxes through."""
    min_mask_px: int = 80
    """Fewest pixels of a mask, depth or not."""
    max_range_m: float = 1.5
    """Nothing farther from the camera is on the table."""
    plane_tolerance_m: float = 0.006
    """Distance from the table plane that still is table (D435i at 0.5 m: about 1 mm noise, 1-4 mm bias)."""
    max_plane_tilt_deg: float = 25.0
    """Largest angle between the table's normal and the vertical of the base."""
    min_height_m: float = 0.008
    """A cluster's points stand at least this far above the table."""
    max_height_m: float = 0.40
    cluster_gap_m: float = 0.02
    """Clusters are farther apart than this."""
    min_cluster_points: int = 30
    voxel_m: float = 0.005


@dataclass(frozen=True)
class TrackerOptions:
    """From 2-D keypoints to a person in metres; figures from the human-factors notes."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    rate_hz: float = 10.0
    """How often a new frame is asked for."""
    max_frame_age_s: float = 0.5
    min_cutoff_hz: float = 1.0
    """One Euro filter in metres: cut-off at rest."""
    beta: float = 3.0
    """One Euro filter in metres: cut-off added per m/s (2 to 5; a value tuned for pixels lags 11 cm)."""
    derivative_cutoff_hz: float = 1.0
    min_score: float = 0.5
    """Keypoint score needed for every joint but the wrists."""
    min_wrist_score: float = 0.4
    min_valid_share: float = 0.4
    """Share of the depth window that must hold a reading."""
    min_depth_m: float = 0.3
    max_depth_m: float = 4.0
    max_jump_m: float = 0.25
    """A depth that jumps farther in one frame is not believed until `jump_repeats` frames agree."""
    jump_repeats: int = 3
    hold_s: float = 0.2
    """A joint missing for no longer than this keeps its place, marked as not measured."""
    max_torso_speed_m_s: float = 3.0
    """A torso that moves faster is another person and is ignored for `identity_s`."""
    identity_s: float = 1.0
    arm_window_s: float = 3.0
    arm_samples: int = 15
    max_arm_spread_m: float = 0.02
    """1.4826 times the median absolute deviation above which a length has not converged."""
    stature_m: float = 1.70
    """Stature behind the fallback arm lengths when it cannot be seen."""
    floor_z_m: float | None = None
    """Height of the floor in the base frame, where known: then stature is estimated from the shoulders."""
    preferred_arm: Literal["left", "right"] = "right"
    """The receiving arm as long as neither is stretched out."""


@dataclass(frozen=True)
class SimulatedPerceptionOptions:
    """How imperfect the back ends are that know the truth of a frame."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    miss_rate: float = 0.0
    """Share of frames in which the object, or the person, is overlooked."""
    box_jitter_px: float = 1.5
    """Standard deviation of each side of a box."""
    mask_erosion_px: int = 0
    mask_edge_noise: float = 0.1
    """Share of the mask's border pixels that flip."""
    keypoint_noise_px: float = 2.0
    """Standard deviation in a picture 640 px wide; it scales with the picture."""
    vlm_fault: VlmFault = "none"
    """What is wrong with the first `vlm_faulty_replies` replies."""
    vlm_faulty_replies: int = 0


@dataclass(frozen=True)
class MapOptions:
    """Your own network that draws affordance masks or a contact map (`perception.served_maps`)."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    url: str | None = None
    """For example http://127.0.0.1:8200/maps; it gets a PNG and answers with an .npz."""
    timeout_s: float = 30.0


@dataclass(frozen=True)
class PerceptionOptions:
    """All of perception."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    grid: GridOptions = GridOptions()
    detector: DetectorOptions = DetectorOptions()
    tracker: TrackerOptions = TrackerOptions()
    simulated: SimulatedPerceptionOptions = SimulatedPerceptionOptions()
    vlm: VlmOptions = field(default_factory=VlmOptions)
    models: ModelOptions = field(default_factory=ModelOptions)
    weights: WeightsOptions = field(default_factory=WeightsOptions)
    remote: RemoteOptions = field(default_factory=RemoteOptions)
    maps: MapOptions = MapOptions()
