"""The leaf that lets a grasp network work while the regions are being decided."""

from __future__ import annotations

from collections.abc import Callable

from py_trees.common import Status

from behaviours import keys
from behaviours.base import WorkerLeaf
from hardware.protocols import JobExecutor
from hardware.types import RGBDFrame
from perception.types import Detection
from planning.errors import NoGrasp
from planning.protocols import GraspProposer
from planning.selection import grasp_view
from planning.types import Proposals


class ProposeGrasps(WorkerLeaf):
    """Does the long part of a grasp generator, which needs no regions, beside the jobs that find them.

    Its failure says nothing about the mission: Generate Grasps then does both parts, and fails with its own
    reason.
    """

    READS = {keys.FRAME: RGBDFrame, keys.OBJECT: Detection}
    WRITES = {keys.PROPOSALS: Proposals}

    def __init__(self, name: str, table_z_m: float) -> None:
        super().__init__(name)
        self._table_z_m = table_z_m

    @property
    def executor(self) -> JobExecutor:
        return self.services.beside

    def job(self) -> Callable[[], Proposals]:
        frame, detection = self.read(keys.FRAME), self.read(keys.OBJECT)
        proposer = self.services.grasps
        if not isinstance(proposer, GraspProposer):
            raise NoGrasp(f"{proposer.name} needs the regions first; build the tree without proposals ahead")
        # A stream of its own: neither job's numbers depend on when the other draws.
        (rng,) = self.services.rng.spawn(1)

        def propose() -> Proposals:
            return proposer.propose(grasp_view(frame, detection, None, self._table_z_m), rng)

        return propose

    def finish(self, result: Proposals) -> Status:
        self.write(keys.PROPOSALS, result)
        return self.succeed(f"{len(result.scores)} contacts on the object ({self.services.grasps.name})")
