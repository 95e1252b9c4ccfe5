import pytest
from hypothesis import HealthCheck, settings

from tracing_failure import StructuredLogger

# How long an example takes says nothing on a machine that does other things as well.
settings.register_profile("unhurried", deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("unhurried")


@pytest.fixture
def logger(tmp_path):
    return StructuredLogger(tmp_path / "io" / "failures")
