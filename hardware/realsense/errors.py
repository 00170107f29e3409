"""What a camera's user can mend, in words."""

from __future__ import annotations

from collections.abc import Sequence

from hardware.errors import HardwareError, StaleData

Size = tuple[int, int]
REPLUG = "unplug it, plug it in and start again"


class RealSenseMissing(HardwareError):
    """pyrealsense2 cannot be imported."""

    def __init__(self, cause: ImportError) -> None:
        super().__init__(
            f"pyrealsense2 cannot be imported ({cause}); pip install -e '.[robot]', and on Debian "
            "apt-get install libusb-1.0-0"
        )


class NoCamera(HardwareError):
    """The camera asked for is not plugged in."""

    def __init__(self, serial: str | None, found: Sequence[str]) -> None:
        wanted = "no RealSense camera" if serial is None else f"no RealSense camera {serial}"
        there = f"found: {', '.join(found)}" if found else "none was found"
        super().__init__(
            f"{wanted} is connected ({there}); check the cable, realsense.serial, and the udev rules"
        )


class SeveralCameras(HardwareError):
    """More than one camera is plugged in and none was named."""

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__(
            f"{len(found)} RealSense cameras are connected ({', '.join(found)}); name the one on the wrist "
            "as realsense.serial"
        )


class UsbTooSlow(HardwareError):
    """The camera hangs on USB 2."""

    def __init__(self, serial: str, usb: str, size: Size, rate_hz: int) -> None:
        super().__init__(
            f"the camera {serial} is connected over USB {usb}, too slow for {size[0]} x {size[1]} at "
            f"{rate_hz} Hz; use a USB 3 port and a USB 3 cable (USB 2 carries 640 x 480 at 15 Hz)"
        )


class ProfileNotOffered(HardwareError):
    """The camera has no such pair of streams."""

    def __init__(self, asked: str, depth: Sequence[Size], colour: Sequence[Size], rate_hz: int) -> None:
        def listed(sizes: Sequence[Size]) -> str:
            return ", ".join(f"{width} x {height}" for width, height in sizes) or "nothing"

        super().__init__(
            f"the camera does not offer {asked}; at {rate_hz} Hz it offers depth of {listed(depth)} and "
            f"colour of {listed(colour)}: change realsense.depth_size_px, colour_size_px or rate_hz"
        )


class CameraBusy(HardwareError):
    """Another process owns the camera."""

    def __init__(self, serial: str, cause: str) -> None:
        super().__init__(
            f"the camera {serial} is in use by another program ({cause}); close the RealSense viewer and "
            "other runs: one process owns the camera"
        )


class CameraRefused(HardwareError):
    """The library failed in another way."""

    def __init__(self, action: str, cause: object, remedy: str = REPLUG) -> None:
        super().__init__(f"the camera could not {action} ({cause}); {remedy}")


class SettingRefused(HardwareError):
    """A sensor does not take a value."""

    def __init__(self, key: str, value: float, least: float, most: float) -> None:
        super().__init__(f"realsense.{key}: the camera takes {least:g} to {most:g}, got {value:g}")


class CameraHangs(HardwareError):
    """The library does not come back."""

    def __init__(self, action: str, seconds: float) -> None:
        super().__init__(f"the camera did not {action} within {seconds:g} s; {REPLUG}")


class BadStamp(HardwareError):
    """A frame's time cannot be."""

    def __init__(self, age_s: float, least_s: float, most_s: float) -> None:
        super().__init__(
            f"a picture came with an age of {age_s:.3f} s, [{least_s:g}, {most_s:g}] s are believed; was "
            "this machine's clock set, or does the camera lag?"
        )


class StaleFrame(StaleData):
    """The newest frame is too old, and why no newer one came."""

    def __init__(self, age_s: float, max_age_s: float, trouble: str) -> None:
        super().__init__("camera", age_s, max_age_s)
        if trouble:
            self.args = (f"{self.args[0]}: {trouble}",)


class NoPicture(HardwareError):
    """The camera is open and gives nothing that can be used."""

    def __init__(self, seconds: float, trouble: str) -> None:
        why = f" ({trouble})" if trouble else ""
        super().__init__(
            f"the camera gave no picture within {seconds:g} s{why}; see whether the RealSense viewer gets one"
        )


class CameraLost(HardwareError):
    """The camera was given up."""

    def __init__(self, trouble: str) -> None:
        super().__init__(f"the camera is lost: {trouble}")
