"""Learned back ends: detection, segmentation and human pose behind the protocols of `perception`."""
