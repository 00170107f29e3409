"""Contact-GraspNet (Sundermeyer et al., ICRA 2021, arXiv 2103.14127) as our own torch module, for inference.

`ContactGraspNet` needs torch and is imported when it is asked for; the rest of the program runs without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planning.contact_graspnet.network import ContactGraspNet

__all__ = ["ContactGraspNet"]


def __getattr__(name: str) -> Any:
    if name == "ContactGraspNet":
        from planning.contact_graspnet.network import ContactGraspNet

        return ContactGraspNet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
