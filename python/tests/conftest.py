import pytest
from hypothesis import HealthCheck, settings

from tracing_failure import StructuredLogger

# On a busy machine, the duration of an example means nothing.
settings.register_profile("unhurried", deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("unhurried")


@pytest.fixture
def logger(tmp_path):
    return StructuredLogger(tmp_path / "io" / "failures")
