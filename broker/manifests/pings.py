"""PingSources: schedule, time zone and data; changes when Knative's PingSource does."""

import base64
import binascii
import re
from collections.abc import Collection
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from cronsim import CronSim, CronSimError

from broker.manifests import shapes
from broker.manifests.delivery import read_destination
from broker.manifests.errors import Place
from broker.manifests.platform import Ping

# Only what every reader of cron understands alike: numbers, ranges, lists, steps of * or a range.
_PART = r"(\*|\d+-\d+)(/\d+)?|\d+"
_SCHEDULE = re.compile(rf"({_PART})(,({_PART}))*( ({_PART})(,({_PART}))*){{4}}")


def read_ping(place: Place, spec: shapes.PingSpec, *, services: Collection[str]) -> Ping:
    """The PingSource at `place`; raises ManifestError."""
    _check_schedule(place, spec.schedule)
    _check_timezone(place, spec.timezone)
    return Ping(
        name=place.name,
        schedule=spec.schedule,
        timezone=spec.timezone,
        content_type=spec.content_type,
        data=_data(place, spec),
        sink=read_destination(place, spec.sink, field="spec.sink", services=services),
    )


def _check_schedule(place: Place, schedule: str) -> None:
    if problem := _schedule_problem(schedule):
        raise place.error("spec.schedule", f"{schedule!r}: {problem}")


def _schedule_problem(schedule: str) -> str | None:
    if not _SCHEDULE.fullmatch(schedule):
        return "write five fields of numbers, *, ranges, lists and steps"
    try:
        CronSim(schedule, datetime.now(UTC))
    except CronSimError as error:
        return f"{error}: correct it"
    day, _, weekday = schedule.split(" ")[2:]
    if "*" not in (day, weekday):
        return "cron readers differ on a day of month with a weekday: give one of them"
    return "cron readers differ on weekday 7: write 0" if "7" in weekday else None


def _check_timezone(place: Place, timezone: str | None) -> None:
    if timezone is None:
        return
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        problem = f"{timezone!r} is no time zone: use a name such as Europe/Berlin"
        raise place.error("spec.timezone", problem) from error


def _data(place: Place, spec: shapes.PingSpec) -> bytes:
    if spec.data is not None and spec.data_base64 is not None:
        raise place.error("spec.dataBase64", "stands beside data: remove one of them")
    field = "spec.data" if spec.data_base64 is None else "spec.dataBase64"
    data = _decoded(place, spec)
    if data and spec.content_type == "application/json":
        _check_json_object(place, data, field=field)
    return data


def _decoded(place: Place, spec: shapes.PingSpec) -> bytes:
    if spec.data_base64 is None:
        return (spec.data or "").encode()
    try:
        return base64.b64decode(spec.data_base64, validate=True)
    except binascii.Error as error:
        raise place.error("spec.dataBase64", "is no base64: correct it") from error


def _check_json_object(place: Place, data: bytes, *, field: str) -> None:
    """Knative's webhook takes JSON data that is an object, and no other."""
    try:
        msgspec.json.decode(data, type=dict)
    except msgspec.DecodeError as error:
        raise place.error(field, f"is no JSON object: correct it ({error})") from error
