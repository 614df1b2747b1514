"""Lines of a container log as records: their times, levels and loggers where the shape is known, tracebacks in one."""

from mlmon.monitoring.logrecords.folding import Folding, records
from mlmon.monitoring.logrecords.record import LogRecord, level_of
from mlmon.monitoring.logrecords.selecting import Wanted, merged

__all__ = ["Folding", "LogRecord", "Wanted", "level_of", "merged", "records"]
