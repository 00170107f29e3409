"""`handover ground` on files of every kind, with what is configured and with what is not."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.ground.image import read_image
from hardware.errors import BadFile
from tests.openai_server import OpenAiStandIn, Status
from tests.perception.models.conftest import models  # noqa: F401  # a fixture

BOX = ["--box", "100", "80", "400", "300"]
EXIF_ORIENTATION = 0x0112


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture of noise, 480 x 360, in the working directory."""
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (360, 480, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "desk.png")
    return Path("desk.png")


def found(folder: str = "ground") -> dict[str, Any]:
    values: dict[str, Any] = json.loads(Path(folder, "regions.json").read_text(encoding="utf-8"))
    return values


def asking(server: OpenAiStandIn, folder: Path) -> list[str]:
    """The options for a vision-language model at `server`."""
    address = ["--perception.vlm.base-url", server.url, "--perception.vlm.cache-dir", str(folder / "kept")]
    return ["--back-ends.vlm", "openai", *address]


def test_with_nothing_configured_the_grid_lies_on_the_whole_picture(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ground", str(picture), "--object", "mug"]) == 0
    shown = capsys.readouterr().out
    for step in ("detector owlvit", "segmenter sam", "vlm openai"):
        assert f"--back-ends.{step}" in shown
    values = found()
    assert values["box"] == [0.0, 0.0, 480.0, 360.0]
    assert values["cells_with_object"] == list(range(1, 26))
    assert values["regions"] is None
    with Image.open("ground/grid.png") as grid, Image.open("ground/masks.png") as masks:
        assert max(grid.size) == 512
        assert masks.size == (480, 360)
    prompt = Path("ground/vlm/01-prompt.txt").read_text(encoding="utf-8")
    assert '"mug"' in prompt
    assert Path("ground/vlm/01-picture-1.png").read_bytes() == Path("ground/grid.png").read_bytes()


def test_a_box_is_where_the_grid_lies(picture: Path) -> None:
    assert main(["ground", str(picture), "--object", "mug", *BOX, "--out", "out"]) == 0
    assert found("out")["box"] == [100.0, 80.0, 400.0, 300.0]
    assert found("out")["mask_px"] == 300 * 220


def test_models_find_cut_and_ask(
    picture: Path,
    models: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with OpenAiStandIn() as server:
        words = ["ground", str(picture), "--object", "mug", "--perception.detector.score-threshold", "0"]
        words += [
            "--back-ends.detector",
            "owlvit",
            "--back-ends.segmenter",
            "sam",
            "--back-ends.vlm",
            "openai",
        ]
        words += ["--perception.models.owlvit.load.checkpoint", str(models / "owlvit")]
        words += ["--perception.models.sam.load.checkpoint", str(models / "sam.pth")]
        words += [
            "--perception.vlm.base-url",
            server.url,
            "--perception.vlm.cache-dir",
            str(tmp_path / "kept"),
        ]
        words += ["--perception.detector.min-mask-px", "1"]
        code = main(words)
    values = found()
    assert values["back_ends"]["detector"] == "OWL-ViT"
    assert values["back_ends"]["segmenter"].startswith("SAM")
    if code == 0:  # random networks may cut out too little for both regions
        assert values["regions"]["human"]["pixels"] > 0
        assert values["vlm"]["bytes_sent"] > 0
    else:
        assert values["failure"]


def test_regions_of_a_box_come_from_the_model(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with OpenAiStandIn() as server:
        words = ["ground", str(picture), "--object", "mug", *BOX, "--back-ends.vlm", "openai"]
        words += [
            "--perception.vlm.base-url",
            server.url,
            "--perception.vlm.cache-dir",
            str(tmp_path / "kept"),
        ]
        assert main(words) == 0
        regions = found()["regions"]
        assert len(regions["human"]["cells"]) == len(regions["robot"]["cells"]) == 3
        assert regions["human"]["pixels"] == 3 * 60 * 44
        assert not set(regions["human"]["cells"]) & set(regions["robot"]["cells"])
        reply = Path("ground/vlm/01-reply.txt").read_text(encoding="utf-8")
        assert "human" in reply
        assert "bytes sent" in reply

        server.script[:] = [Status(400)] * 9
        assert main([*words, "--object", "cup"]) == 1
    assert "HTTP 400" in found()["failure"]
    assert Path("ground/grid.png").exists()
    assert found()["regions"] is None


def test_nothing_found_is_said_with_the_score(
    picture: Path,
    models: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["ground", str(picture), "--object", "mug", "--back-ends.detector", "owlvit"]
    words += ["--perception.models.owlvit.load.checkpoint", str(models / "owlvit")]
    assert main([*words, "--perception.detector.score-threshold", "1"]) == 1
    assert "best score" in capsys.readouterr().out
    assert "best score" in found()["failure"]
    assert not Path("ground/grid.png").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["desk.png"], "--object NAME is missing"),
        (["desk.png", "--object", "../etc"], "cannot be asked for"),
        (["desk.png", "--object", "mug", "--box", "10", "10", "500", "100"], "480 x 360 pixels"),
        (["desk.png", "--object", "mug", "--box", "50", "10", "40", "100"], "is no box"),
        (["desk.png", "--object", "mug", "--out", "desk.png"], "is no folder"),
        (["nowhere.png", "--object", "mug"], "there is no such file"),
        ([".", "--object", "mug"], "this is a folder"),
        (["desk.png", "--object", "mug", "--back-ends.detector", "owlvit"], "handover models pull owlvit"),
    ],
)
def test_mistakes_are_one_clear_message(
    picture: Path,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDOVER_WEIGHTS", str(tmp_path / "empty"))
    before = picture.read_bytes()
    assert main(["ground", *words]) == 2
    assert said in capsys.readouterr().err
    assert picture.read_bytes() == before


# Files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright_as_their_camera_was_held(tmp_path: Path, orientation: int) -> None:
    pixels = np.zeros((60, 80, 3), dtype=np.uint8)
    pixels[:30, :40] = 255
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    path = tmp_path / "phone.png"
    Image.fromarray(pixels).save(path, exif=exif)
    frame = read_image(path, 10)
    turned = orientation >= 5
    assert frame.rgb.shape == ((80, 60, 3) if turned else (60, 80, 3))
    height, width = frame.rgb.shape[:2]
    corners = [frame.rgb[y, x, 0] == 255 for y in (0, height - 1) for x in (0, width - 1)]
    bright = {1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2}[orientation]
    assert corners == [corner == bright for corner in range(4)]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "RGBA", "I;16", "YCbCr"])
def test_every_kind_of_colour_is_read(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.tile(np.linspace(0, 255, 80).astype(np.uint8), (60, 1)))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = grey.convert(mode) if mode == "P" else grey.convert("RGB").convert(mode)
    path = tmp_path / ("picture.jpg" if mode in ("CMYK", "YCbCr") else "picture.png")
    image.save(path)
    rgb = read_image(path, 10).rgb.astype(int)
    assert rgb.shape == (60, 80, 3)
    assert np.ptp(rgb, axis=2).max() <= 8
    if mode != "1":
        assert np.abs(rgb[..., 0] - np.asarray(grey).astype(int)).mean() < 8


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    pixels = np.zeros((60, 80, 4), dtype=np.uint8)
    pixels[:, 40:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "cut.png")
    rgb = read_image(tmp_path / "cut.png", 10).rgb
    assert (rgb[:, :40] == 255).all()
    assert (rgb[:, 40:] == 0).all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "this is no picture"),
        (b"%PDF-1.7 not a picture", "this is no picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "picture"),
        ("cut", "cannot be read"),
        ("small", "9 x 60 pixels are too few"),
        ("large", "10000 x 9000 pixels are too many"),
        ("huge", "pixels are too many"),
    ],
)
def test_what_cannot_be_used_says_why(tmp_path: Path, content: bytes | str, said: str) -> None:
    path = tmp_path / "picture.png"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content in ("large", "huge"):
        path.write_bytes(_png_header(*((10_000, 9_000) if content == "large" else (20_000, 20_000))))
    else:
        noise = np.random.default_rng(0).integers(0, 256, (60, 9 if content == "small" else 80, 3))
        Image.fromarray(noise.astype(np.uint8)).save(path)
        if content == "cut":
            path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadFile, match=said):
        read_image(path, 10)


def _png_header(width: int, height: int) -> bytes:
    """A file of some bytes that claims a picture of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )
