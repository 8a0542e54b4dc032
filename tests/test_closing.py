"""What several threads use is closed once, and only when nobody uses it any more."""

from __future__ import annotations

import pytest

from qa.closing import Shared
from qa.errors import IndexStateError


@pytest.fixture
def closings() -> list[str]:
    return []


@pytest.fixture
def shared(closings: list[str]) -> Shared:
    return Shared(lambda: closings.append("closed"), lambda: IndexStateError("It was closed"))


def test_what_nobody_uses_is_closed_at_once_and_once(shared: Shared, closings: list[str]) -> None:
    with shared.in_use():
        pass
    assert closings == []
    shared.close()
    shared.close()
    assert closings == ["closed"]


def test_what_is_in_use_is_closed_by_its_last_user(shared: Shared, closings: list[str]) -> None:
    with shared.in_use():
        with shared.in_use():
            shared.close()
            shared.close()
        assert closings == []
    assert closings == ["closed"]


def test_who_comes_after_it_was_closed_is_refused(shared: Shared, closings: list[str]) -> None:
    with shared.in_use():
        shared.close()
        with pytest.raises(IndexStateError, match="It was closed"), shared.in_use():
            pass
    with pytest.raises(IndexStateError, match="It was closed"), shared.in_use():
        pass
    assert closings == ["closed"]


def test_a_user_that_fails_uses_it_no_longer(shared: Shared, closings: list[str]) -> None:
    def fail() -> None:
        with shared.in_use():
            shared.close()
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert closings == ["closed"]
