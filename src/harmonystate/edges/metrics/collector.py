"""A meter's figures as prometheus-client wants them."""

from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from harmonystate.core.histogram import Histogram
from harmonystate.core.metrics import METRICS, Kind, Metric
from harmonystate.edges.metrics.meter import Meter

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily | InfoMetricFamily


def make_registry(meter: Meter) -> CollectorRegistry:
    """Return what is served: the stage's metrics, and those of its process."""
    registry = CollectorRegistry()
    registry.register(MeterCollector(meter))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class MeterCollector(Collector):
    """Reads a meter whenever it is asked."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def collect(self) -> Iterator[Family]:
        """Yield every metric of the stage; counters from 0 on, so that a rate is known from the first event on."""
        yield InfoMetricFamily("harmony_build", "The version that runs.", {"version": version("harmonystate")})
        make = {Kind.COUNTER: self._counter, Kind.GAUGE: self._gauge, Kind.HISTOGRAM: self._histogram}
        for metric in METRICS:
            if self._meter.stage in metric.stages:
                yield make[metric.kind](metric)

    def _counter(self, metric: Metric) -> Family:
        family = CounterMetricFamily(metric.name, metric.help, labels=["stage"])
        family.add_metric([self._meter.stage], self._meter.counts().get(metric.source, 0))
        return family

    def _gauge(self, metric: Metric) -> Family:
        family = GaugeMetricFamily(metric.name, metric.help, labels=["stage"])
        value = self._meter.states().get(metric.source)
        if metric.source == "state":
            value = int(value is not None)
        if isinstance(value, int | float):
            family.add_metric([self._meter.stage], value)
        return family

    def _histogram(self, metric: Metric) -> Family:
        family = HistogramMetricFamily(metric.name, metric.help, labels=["stage"])
        spans = self._meter.histograms().get(metric.source, Histogram())
        buckets = [("+Inf" if bound == float("inf") else str(bound), count) for bound, count in spans.cumulative()]
        family.add_metric([self._meter.stage], buckets, spans.sum_s)
        return family
