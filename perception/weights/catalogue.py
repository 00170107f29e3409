"""Every set of model weights the program can use: what for, from where, under which licence.

Hashes and sizes stand here only where several independent users of a file agree on them; what the hub says of
its files is recorded at the first download and held to from then on (`lock`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hardware.errors import UnknownName

APACHE = "Apache-2.0"


@dataclass(frozen=True)
class HubRepository:
    """A repository of the Hugging Face hub; files: exactly these of it, or, left empty, a transformers model
    with its processor (tensors as safetensors where there are any).
    """

    repo: str
    files: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"huggingface.co/{self.repo}"


@dataclass(frozen=True)
class Address:
    """One file behind an address, with its sha256 in hex and its size in bytes."""

    url: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        return self.url.rsplit("/", 1)[-1]

    def __str__(self) -> str:
        return self.url.removeprefix("https://")


@dataclass(frozen=True)
class ByHand:
    """A file that its publisher offers to people, not to programs: page says where."""

    page: str

    def __str__(self) -> str:
        return f"by hand from {self.page.removeprefix('https://')}"


Source = HubRepository | Address | ByHand


@dataclass(frozen=True)
class Entry:
    """One set of weights; terms says what a licence demands that has to be accepted before the download."""

    name: str
    purpose: str
    source: Source
    licence: str
    licence_page: str
    terms: str = ""
    profiles: tuple[str, ...] = ()

    @property
    def one_file(self) -> bool:
        """Whether the back end reads a single file; else it reads a folder."""
        return not isinstance(self.source, HubRepository) or len(self.source.files) == 1


PROFILES = {
    "paper": "the models of the paper, with the largest SAM",
    "small": "the smallest set that serves detection, segmentation and human pose; no grasp network",
}

SAM_ADDRESS = "https://dl.fbaipublicfiles.com/segment_anything/"
SAM_PAGE = "https://github.com/facebookresearch/segment-anything#license"
HUB_PAGE = "https://huggingface.co/"

ENTRIES = (
    Entry(
        "owlvit",
        "finds the object: OWL-ViT, ViT-B/32",
        HubRepository("google/owlvit-base-patch32"),
        APACHE,
        HUB_PAGE + "google/owlvit-base-patch32",
        profiles=("paper", "small"),
    ),
    Entry(
        "owlv2",
        "finds the object: OWLv2, ViT-B/16",
        HubRepository("google/owlv2-base-patch16-ensemble"),
        APACHE,
        HUB_PAGE + "google/owlv2-base-patch16-ensemble",
    ),
    Entry(
        "sam_vit_b",
        "cuts the object out: SAM ViT-B, segment-anything's file",
        Address(
            SAM_ADDRESS + "sam_vit_b_01ec64.pth",
            "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
            375_042_383,
        ),
        APACHE,
        SAM_PAGE,
        profiles=("small",),
    ),
    Entry(
        "sam_vit_l",
        "cuts the object out: SAM ViT-L, segment-anything's file",
        Address(
            SAM_ADDRESS + "sam_vit_l_0b3195.pth",
            "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
            1_249_524_607,
        ),
        APACHE,
        SAM_PAGE,
    ),
    Entry(
        "sam_vit_h",
        "cuts the object out: SAM ViT-H, segment-anything's file",
        Address(
            SAM_ADDRESS + "sam_vit_h_4b8939.pth",
            "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
            2_564_550_879,
        ),
        APACHE,
        SAM_PAGE,
        profiles=("paper",),
    ),
    Entry(
        "sam_transformers",
        "cuts the object out: SAM ViT-B in the transformers format",
        HubRepository("facebook/sam-vit-base"),
        APACHE,
        HUB_PAGE + "facebook/sam-vit-base",
    ),
    Entry(
        "person_detector",
        "finds people for the pose models: RT-DETR, ResNet-50",
        HubRepository("PekingU/rtdetr_r50vd_coco_o365"),
        APACHE,
        HUB_PAGE + "PekingU/rtdetr_r50vd_coco_o365",
        profiles=("paper", "small"),
    ),
    Entry(
        "vitpose",
        "finds a person's joints: ViTPose-B",
        HubRepository("usyd-community/vitpose-base-simple"),
        APACHE,
        HUB_PAGE + "usyd-community/vitpose-base-simple",
        profiles=("paper", "small"),
    ),
    Entry(
        "alphapose",
        "finds a person's joints: AlphaPose's FastPose, ResNet-50",
        ByHand("https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/MODEL_ZOO.md"),
        "AlphaPose licence",
        "https://github.com/MVIG-SJTU/AlphaPose/blob/master/LICENSE",
        terms="free for non-commercial use only",
    ),
    Entry(
        "contact_graspnet",
        "proposes grasps: Contact-GraspNet, the public PyTorch checkpoint",
        HubRepository(
            "pollen-robotics/contact_graspnet", ("checkpoints/contact_graspnet/checkpoints/model.pt",)
        ),
        "NVIDIA Source Code License for Contact-GraspNet",
        "https://github.com/NVlabs/contact_graspnet",
        terms="non-commercial use (research or evaluation) only, for the network and what is made from it",
        profiles=("paper",),
    ),
    Entry(
        "vlm_local",
        "tells the person's end from the robot's on this machine: SmolVLM-Instruct",
        HubRepository("HuggingFaceTB/SmolVLM-Instruct"),
        APACHE,
        HUB_PAGE + "HuggingFaceTB/SmolVLM-Instruct",
    ),
)

CATALOGUE: Mapping[str, Entry] = {entry.name: entry for entry in ENTRIES}

SERVING: Mapping[str, tuple[str, ...]] = {
    "sam": ("sam_vit_h", "sam_vit_l", "sam_vit_b"),
    "person": ("person_detector",),
    "vlm": ("vlm_local",),
}
"""Back ends that are not called as their weights: which may serve, best first."""


def entry_of(name: str) -> Entry:
    """The entry called `name`. Raises UnknownName with the near matches."""
    if name not in CATALOGUE:
        raise UnknownName("set of model weights", name, CATALOGUE)
    return CATALOGUE[name]


def entries_of(profile: str) -> tuple[Entry, ...]:
    """The entries of a profile. Raises UnknownName."""
    if profile not in PROFILES:
        raise UnknownName("profile", profile, PROFILES)
    return tuple(entry for entry in ENTRIES if profile in entry.profiles)
