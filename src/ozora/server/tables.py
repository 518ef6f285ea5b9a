"""The tables. Times are seconds since 1970, sizes bytes; ``number`` is the order of arrival."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

# SQLite counts up by itself only in a column that is exactly INTEGER.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

KEYS = Table(
    "keys",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("requests_a_minute", Integer, nullable=False),
    Column("running_jobs", Integer, nullable=False),
    Column("seconds_a_day", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("revoked_at", Double),
    Column("served_at", Double, nullable=False),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("key_id", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("model", String(100), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("seconds", String(20), nullable=False),
    Column("size", String(20), nullable=False),
    Column("plan", JSON, nullable=False),
    Column("parent_id", String(40)),
    Column("batch_id", String(40)),
    Column("custom_id", String(200)),
    Column("priority", Integer, nullable=False),
    Column("progress", Integer, nullable=False, default=0),
    Column("step", Integer, nullable=False, default=0),
    Column("attempt", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("worker", String(100)),
    Column("lease_until", Double),
    Column("not_before", Double, nullable=False, default=0.0),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("completed_at", Double),
    Column("expires_at", Double),
    Column("deleted_at", Double),
    Column("cleaned_at", Double),
    Column("error_code", String(64)),
    Column("error_message", Text),
    Column("folder", String(200)),
    Column("pixels_sha256", String(64)),
    Column("predicted_s", Double, nullable=False),
    Column("predicted_memory_bytes", BigInteger, nullable=False),
    Column("predicted_disk_bytes", BigInteger, nullable=False),
    Column("took_s", Double),
    Column("took_memory_bytes", BigInteger),
    Column("took_disk_bytes", BigInteger),
    Column("characters", JSON, nullable=False, server_default="[]"),
    Column("notes", JSON, nullable=False, server_default="[]"),
    Column("content", JSON),  # of each file in the folder: {"size_bytes", "sha256"}
    Column("waits_for", String(300)),  # why a queued job cannot be painted now though it is its turn
    Column("stepped_at", Double),  # when its worker last came a step further
    Column("variants", Integer, nullable=False, server_default="1"),
    Index("jobs_queue", "status", "not_before", "priority", "key_id", "number"),
    Index("jobs_of_key", "key_id", "deleted_at", "number"),
    Index("jobs_by_day", "key_id", "created_at"),
    Index("jobs_of_batch", "batch_id"),
    Index("jobs_by_pixels", "pixels_sha256"),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("job_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("worker", String(100), nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("first_step", Integer, nullable=False),
    Column("outcome", String(16)),
    Column("detail", Text),
)

FILES = Table(
    "files",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("key_id", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("path", String(200), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("deleted_at", Double),
    Column("sha256", String(64), nullable=False, server_default=""),
    Index("files_of_key", "key_id", "number"),
)

CHARACTERS = Table(
    "characters",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(32), nullable=False),
    Column("name", String(80), nullable=False),
    Column("file_id", String(40), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("description", String(500), nullable=False, server_default=""),
    Column("person", String(200), nullable=False, server_default=""),
)

BATCHES = Table(
    "batches",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("key_id", String(32), nullable=False),
    Column("input_file_id", String(40), nullable=False),
    Column("output_file_id", String(40)),
    Column("error_file_id", String(40)),
    Column("window", String(10), nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("errors", JSON, nullable=False),
    Column("refused", JSON, nullable=False, server_default="[]"),
    Column("total", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("cancelled_at", Double),
    Column("completed_at", Double),
    Index("batches_of_key", "key_id", "number"),
)

ENDPOINTS = Table(
    "webhook_endpoints",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("key_id", String(32), nullable=False),
    Column("name", String(200), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("event_types", JSON, nullable=False),
    Column("secret", String(100), nullable=False),
    Column("old_secret", String(100)),
    Column("old_until", Double),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("endpoints_of_key", "key_id", "number"),
)

DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("event_id", String(40), nullable=False),
    Column("endpoint_id", String(40), nullable=False),
    Column("type", String(40), nullable=False),
    Column("payload", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Double),
    Column("created_at", Double, nullable=False),
    Column("delivered_at", Double),
    Column("answer", Text),
    Index("deliveries_due", "next_at"),
)

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("key_id", String(32), primary_key=True),
    Column("token", String(255), primary_key=True),
    Column("body_sha256", String(64), nullable=False),
    Column("job_id", String(40), nullable=False),
    Column("created_at", Double, nullable=False),
)

INSTALLATION = Table(
    "installation",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
