"""Affordance masks and contact maps from a network that the user runs as a server.

The protocol is small enough to be written in a dozen lines around any network:

- it gets a POST to `perception.maps.url` with the query `wanted` ("affordances" or "contacts") and `label`
  (what was asked for), and the picture as PNG;
- it answers 200 with an uncompressed .npz (`numpy.savez`), its arrays as high and wide as the picture:
  for affordances one mask per affordance it sees ("grasp", "cut", "scoop", "contain", "pound", "support",
  "wrap-grasp"; non-zero is true), named after it, and none for a class it does not know;
  for contacts one array "contact" with values from 0 to 1.

Guarantees: the configured address alone gets anything, no redirect is followed; nothing is executed by
reading the answer (no pickle, no compressed members).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray, RGBDFrame
from perception.affordances import AFFORDANCES, UnknownClass
from perception.errors import PerceptionError
from perception.options import MapOptions
from perception.types import Affordances, Detection

CONTACT = "contact"
_CONNECT_S, _OK = 5.0, 200


class MapsUnavailable(PerceptionError):
    """The user's network gave no usable answer."""

    def __init__(self, url: str, fault: str) -> None:
        super().__init__(f"no maps from {url} (perception.maps.url): {fault}")


class ServedMaps:
    """An AffordanceSegmenter and a ContactMapper: asks the server for what is wanted."""

    def __init__(self, options: MapOptions) -> None:
        """Connects at the first call. Raises MapsUnavailable without an address or the HTTP package."""
        try:
            import httpx2
        except ModuleNotFoundError as error:
            fault = "the package httpx2 is not installed; pip install 'handover[remote]'"
            raise MapsUnavailable(str(options.url), fault) from error
        if options.url is None:
            raise MapsUnavailable("nowhere", "set the address of your network's server")
        self._url, self._httpx = options.url, httpx2
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(options.timeout_s, connect=_CONNECT_S),
            follow_redirects=False,
            trust_env=False,  # a machine of the lab is not behind the proxy
        )
        self.name = f"network at {options.url}"

    def affordances(self, frame: RGBDFrame, detection: Detection) -> Affordances:
        """The masks as served. Raises MapsUnavailable, UnknownClass."""
        masks = self._ask("affordances", frame, detection)
        if not masks:
            raise UnknownClass(detection.label, ["ask the network's server"])
        if strange := sorted(set(masks) - set(AFFORDANCES)):
            valid = ", ".join(AFFORDANCES)
            raise MapsUnavailable(self._url, f"{', '.join(strange)} is no affordance (valid: {valid})")
        return Affordances(detection.label, {name: mask != 0 for name, mask in masks.items()})

    def contacts(self, frame: RGBDFrame, detection: Detection) -> FloatArray:
        """The map (H, W) as served. Raises MapsUnavailable."""
        arrays = self._ask("contacts", frame, detection)
        if set(arrays) != {CONTACT}:
            raise MapsUnavailable(self._url, f"one array {CONTACT!r} is needed, it sent {sorted(arrays)}")
        contact = arrays[CONTACT].astype(np.float64)
        if not np.all((contact >= 0.0) & (contact <= 1.0)):
            raise MapsUnavailable(self._url, "a contact map has values from 0 to 1 only")
        return contact

    def _ask(self, wanted: str, frame: RGBDFrame, detection: Detection) -> Mapping[str, NDArray[np.generic]]:
        from PIL import Image

        png = io.BytesIO()
        Image.fromarray(frame.rgb).save(png, format="PNG")
        try:
            response = self._client.post(
                self._url,
                params={"wanted": wanted, "label": detection.label},
                content=png.getvalue(),
                headers={"Content-Type": "image/png"},
            )
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise MapsUnavailable(self._url, str(error) or type(error).__name__) from error
        if response.status_code != _OK:
            raise MapsUnavailable(self._url, f"it answered with HTTP {response.status_code}")
        return self._arrays(response.content, frame.depth_m.shape)

    def _arrays(self, body: bytes, shape: tuple[int, ...]) -> Mapping[str, NDArray[np.generic]]:
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                    raise ValueError("its members are compressed; use numpy.savez")
            with np.load(io.BytesIO(body), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except Exception as error:  # whatever bytes provoke in the parsers is their fault
            raise MapsUnavailable(self._url, f"its answer is no .npz ({error})") from error
        for name, array in arrays.items():
            if array.shape != shape or array.dtype.kind not in "biuf":
                fault = f"{name!r} is {array.shape} of {array.dtype}, numbers of shape {shape} are needed"
                raise MapsUnavailable(self._url, fault)
        return arrays
