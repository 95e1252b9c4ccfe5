import pytest

from tracing_failure import StructuredLogger


@pytest.fixture
def logger(tmp_path):
    return StructuredLogger(tmp_path / "io" / "failures")
