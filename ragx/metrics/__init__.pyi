from .direction import about, direction, is_better, larger_is_better
from .known import KNOWN, Metric
from .name import MetricName
from .own import metric

__all__ = ["KNOWN", "Metric", "MetricName", "about", "direction", "is_better", "larger_is_better", "metric"]
