"""What is counted, in the text format of Prometheus. Jobs are counted in the database, requests in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from ozora.errors import StoreError
from ozora.server import jobs
from ozora.server.database import Database
from ozora.server.health import Health
from ozora.server.tables import ATTEMPTS, DELIVERIES, JOBS

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)


class Meters:
    """The counters of one web process, which are told though the database is away."""

    def __init__(self, database: Database, health: Health) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("ozora_requests_total", "Requests answered.", labels, registry=self._registry)
        self._seconds = Histogram(
            "ozora_request_seconds", "Time of a request.", ("route",), buckets=BUCKETS_S, registry=self._registry
        )
        self._registry.register(_Parts(health))
        self._registry.register(_Jobs(database))

    def count(self, method: str, route: str, status: int, took_s: float) -> None:
        """Note one answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(took_s)

    def text(self) -> bytes:
        """Everything; asks the database."""
        return generate_latest(self._registry)


class _Parts(Collector):
    """Which parts of our side are well."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        ill = {illness.part for illness in self._health.look()}
        parts = GaugeMetricFamily("ozora_part_up", "Whether a part of our side is well.", labels=["part"])
        for part in self._health.parts:
            parts.add_metric([part], part not in ill)
        yield parts


class _Jobs(Collector):
    """Jobs, attempts and webhooks as the database has them now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        with contextlib.suppress(StoreError):
            yield from self._read()

    def _read(self) -> Iterable[Metric]:
        with self._database.reading() as connection:
            counts = jobs.count(connection)
            oldest = connection.execute(
                select(func.min(JOBS.c.created_at)).where(JOBS.c.status == jobs.QUEUED)
            ).scalar()
            ends = connection.execute(select(ATTEMPTS.c.outcome, func.count()).group_by(ATTEMPTS.c.outcome)).all()
            took = select(func.coalesce(func.sum(JOBS.c.took_s), 0.0), func.coalesce(func.sum(JOBS.c.predicted_s), 0.0))
            took_s, predicted_s = connection.execute(took.where(JOBS.c.status == jobs.COMPLETED)).one()
            held = connection.execute(
                select(func.count()).where(JOBS.c.status == jobs.QUEUED, JOBS.c.waits_for.is_not(None))
            ).scalar_one()
            waiting = connection.execute(select(func.count()).where(DELIVERIES.c.next_at.is_not(None))).scalar_one()
        states = GaugeMetricFamily("ozora_jobs", "Jobs by status.", labels=["status"])
        for status in (jobs.QUEUED, jobs.IN_PROGRESS, jobs.COMPLETED, jobs.FAILED):
            states.add_metric([status], counts.get(status, 0))
        attempts = GaugeMetricFamily("ozora_attempts", "Attempts by outcome.", labels=["outcome"])
        for outcome, number in ends:
            attempts.add_metric([outcome or "running"], number)
        yield states
        yield attempts
        yield GaugeMetricFamily("ozora_jobs_held", "Queued jobs that wait for our side to be well.", held)
        yield GaugeMetricFamily(
            "ozora_oldest_queued_timestamp_seconds", "Arrival of the oldest waiting job.", oldest or 0
        )
        yield GaugeMetricFamily("ozora_painting_seconds", "Seconds that completed jobs took.", took_s)
        yield GaugeMetricFamily(
            "ozora_predicted_seconds", "Seconds that completed jobs were thought to take.", predicted_s
        )
        yield GaugeMetricFamily("ozora_webhooks_waiting", "Deliveries that are still to be made.", waiting)
