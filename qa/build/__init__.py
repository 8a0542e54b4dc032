"""Builds and renews an index directory."""

from qa.build.building import build_from_passages, build_index
from qa.build.frames import frame_of

__all__ = ["build_from_passages", "build_index", "frame_of"]
