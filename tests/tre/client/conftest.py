"""A project of a notebook whose platform remembers what it was asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.tre.client.answering import Platform
from tre.client import Project
from tre.client.channel import Channel
from tre.sandbox.channel import serving


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def project(
    platform: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    frame = pd.DataFrame({"study_id": ["a", "b"], "region": ["Wales", "London"]})
    frame.to_parquet(tmp_path / "linked.parquet")
    with serving(platform) as service:
        monkeypatch.setenv("TRE_CHANNEL_FD", str(service.inside))
        with contextlib.closing(Channel.inherited()) as channel:
            yield Project(channel, data=tmp_path, outputs=tmp_path)
