"""A flight recorder for numerical programs: each failed computation leaves one complete JSON record on disk.

    from tracing_failure import StructuredLogger

    logger = StructuredLogger(output_dir="io/failures")
    with logger.computation("rg_flow_integration", theoretical_ref="Eq. 1.12", rtol=1e-6) as c:
        for t, norm in flow():
            c.record(t=t, norm=norm)

An exception that leaves the block is recorded with parameters, trail, traceback and suggested fixes. It propagates
as before.
``logger.log_failure(...)`` records an exception that is at hand. ``%load_ext tracing_failure`` records every cell of a
notebook that raises. ``tracing_failure.read()`` reads the records back. ``tracing_failure.corpus()`` reads all
computations: frames, and the regions of the parameters in which they fail.
"""

import json
from typing import Any

from . import _native, spark
from ._corpus.corpus import Corpus, corpus
from ._corpus.regions import Regions, Rule
from ._corpus.risk import Risk
from ._ipython.extension import load_ipython_extension, unload_ipython_extension
from ._native import AdviceError
from ._recording.computation import Computation, current, record
from ._recording.log_handler import LogHandler
from ._recording.logger import StructuredLogger
from ._records.advice import Advice, Fix
from ._records.failure import Failure
from ._records.failures import Failures, read

__version__ = _native.version


def schema() -> Any:
    """The JSON Schema (2020-12) that every record conforms to.

    >>> schema()["properties"]["computation"]["type"]
    'string'
    """
    return json.loads(_native.schema())


__all__ = [
    "Advice",
    "AdviceError",
    "Computation",
    "Corpus",
    "Failure",
    "Failures",
    "Fix",
    "LogHandler",
    "Regions",
    "Risk",
    "Rule",
    "StructuredLogger",
    "corpus",
    "current",
    "load_ipython_extension",
    "read",
    "record",
    "schema",
    "spark",
    "unload_ipython_extension",
]
