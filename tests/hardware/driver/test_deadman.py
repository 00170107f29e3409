"""The dead-man is armed by the first beat, trips by silence, and an end is final."""

from __future__ import annotations

from hardware.driver.deadman import DeadMan


def test_nobody_is_missed_before_the_first_beat() -> None:
    assert DeadMan(0.2).lost(1e6) == ""


def test_silence_longer_than_the_limit_is_lost_and_a_beat_brings_it_back() -> None:
    deadman = DeadMan(0.2)
    deadman.beat(10.0)
    assert deadman.lost(10.2) == ""
    assert "0.21 s" in deadman.lost(10.21)
    deadman.beat(10.3)
    assert deadman.lost(10.4) == ""


def test_an_end_is_final_and_keeps_its_first_reason() -> None:
    deadman = DeadMan(0.2)
    deadman.gone("the program is gone")
    deadman.gone("another reason")
    deadman.beat(1.0)
    assert deadman.lost(1.0) == "the program is gone"
    assert deadman.is_gone
