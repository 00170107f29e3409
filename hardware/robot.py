"""The devices of one robot, connected and closed together."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from types import TracebackType

from hardware.protocols import Announcer, Arm, Camera, Clock, Gripper, PictureWatch, ReleaseReflex


@dataclass(frozen=True)
class Robot:
    """Arm, gripper, camera, clock and voice; `connections` are entered in order and left in reverse.

    reflex: what the arm's driver does by itself at the offering pose; None where it can do nothing.
    watch: whether the camera still takes pictures; None for one that draws them when asked.
    """

    arm: Arm
    gripper: Gripper
    camera: Camera
    clock: Clock
    announcer: Announcer
    connections: tuple[AbstractContextManager[object], ...] = ()
    reflex: ReleaseReflex | None = None
    watch: PictureWatch | None = None
    _stack: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)

    def __enter__(self) -> Robot:
        try:
            for connection in self.connections:
                self._stack.enter_context(connection)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
