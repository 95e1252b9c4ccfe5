"""Failing regions of more runs than one machine can hold: Spark counts the runs in exported files."""

import os
from typing import Any

from . import _native
from ._corpus.regions import Regions
from ._corpus.spark_counter import SparkCounter
from ._corpus.spark_source import SparkSource

__all__ = ["regions"]


def regions(spark: Any, path: str | os.PathLike[str], computation: str | None = None, *, cache: bool = True) -> Regions:
    """Finds the regions of the parameters in which a computation fails. Spark counts the runs, one pass per step.

    ``spark``
        A ``SparkSession``.
    ``path``
        The directory, or the URL such as ``s3a://bucket/prefix``, that ``failures export`` has written.
    ``computation``
        The name of the computation. It may be left out if there is only one.
    ``cache``
        Keeps the columns in the memory and on the disks of the cluster while the search runs.

    The search is that of ``tracing_failure.corpus(…).regions()``, and finds the same rules if at most 16,384 runs
    failed and at most 16,384 did not. With more runs, the first thresholds come from samples. The rules name no nearest
    success.

    Raises ``FileNotFoundError`` if there are no exported runs, and ``ValueError`` if the computation is not clear.
    """
    source = SparkSource(spark, os.fspath(path), computation)
    with SparkCounter(spark, source, cache) as counter:
        return Regions(*_native.find_regions(counter))
