"""Proposes grasps with Contact-GraspNet on the surroundings of the object.

Trained for a Panda's hand and views from 0.9 to 1.3 m; a wrist camera looks from nearer, where surfaces have
more points and less noise, so scores are to be read as an order, not as probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hardware.geometry import transform
from perception.models.device import package
from perception.weights.options import WeightsOptions
from planning.contact_graspnet.checkpoint import MODEL, find_checkpoint, load_checkpoint
from planning.contact_graspnet.errors import NoGpu
from planning.contact_graspnet.options import ContactGraspNetOptions
from planning.contact_graspnet.proposals import choose_grasps
from planning.contact_graspnet.region import POINTS, local_region, on_object
from planning.types import Grasp, GraspView, Proposals

if TYPE_CHECKING:
    from planning.contact_graspnet.network import Prediction

_MIN_POINTS_OF_CLOUD = 20
NOTHING = Proposals(np.empty((0, 4, 4)), np.empty((0, 3)), np.empty(0), np.empty(0))


class ContactGraspNetGenerator:
    """The GraspProposer over the public checkpoint."""

    name = MODEL

    def __init__(
        self, options: ContactGraspNetOptions | None = None, weights: WeightsOptions | None = None
    ) -> None:
        """Load the checkpoint. Raises WeightsAbsent or WeightsMissing, WeightsRefused, PackageMissing, NoGpu.

        weights: where the store is, for a checkpoint that is null.
        """
        self._options = options or ContactGraspNetOptions()
        path = find_checkpoint(self._options, weights)
        torch = package("torch", "Contact-GraspNet")
        from planning.contact_graspnet.network import ContactGraspNet

        gpu = torch.cuda.is_available()
        if self._options.device == "cuda" and not gpu:
            raise NoGpu
        on_gpu = gpu and self._options.device != "cpu"
        self.device = torch.device("cuda" if on_gpu else "cpu")
        dtype = getattr(torch, self._options.precision)
        self._network = ContactGraspNet(dtype=dtype, fuse=self._options.compile and on_gpu)
        load_checkpoint(self._network, path)
        self._network.to(self.device)
        if on_gpu:
            self.warm_up()

    def generate(self, view: GraspView, rng: np.random.Generator, count: int) -> tuple[Grasp, ...]:
        """At most `count` grasps whose contacts lie on the object. Empty when the cloud has hardly any points
        or nothing passes; raises NoGrasp where too little but the object is seen.
        """
        return self.choose(self.propose(view, rng), view, count) if count > 0 else ()

    def propose(self, view: GraspView, rng: np.random.Generator) -> Proposals:
        """All the network says about contacts on the object, in as many passes as the options ask for; the
        regions may still be empty. Raises NoGrasp where too little but the object is seen.
        """
        if len(view.object_points) < _MIN_POINTS_OF_CLOUD:
            return NOTHING
        region = local_region(view, self._options, rng)
        prediction = self._predict(region.cloud, self._options.passes, int(rng.integers(2**63)))
        poses, scores, contacts, widths = (
            values.flatten(0, 1).cpu().numpy().astype(np.float64) for values in prediction[:4]
        )
        contacts = transform(region.base_from_cloud, contacts)
        said = Proposals(region.base_from_cloud @ poses, contacts, widths, scores)
        return said.take(on_object(contacts, view.object_points))

    def choose(self, proposals: Proposals, view: GraspView, count: int) -> tuple[Grasp, ...]:
        """At most `count` of them for our gripper, leaning toward the person's part; no network runs."""
        return choose_grasps(proposals, view, self._options, count)

    def warm_up(self) -> None:
        """One pass over noise, so that the first real one does not wait for kernels to be chosen."""
        cloud = np.random.default_rng(0).uniform(-0.15, 0.15, (POINTS, 3))
        self._predict(cloud.astype(np.float32), self._options.passes, 0)

    def _predict(self, cloud: NDArray[np.float32], passes: int, seed: int) -> Prediction:
        """The same cloud several times over: only the points that the samples begin with differ."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        points = torch.from_numpy(cloud).to(self.device).expand(passes, -1, -1)
        prediction: Prediction = self._network(points, generator=generator)
        return prediction
