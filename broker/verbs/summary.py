"""What `blog status` finds: one object, the same for programs and for people."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from eventing.condition import Trouble

Report = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Located:
    """A trouble, and the program or the object of a cluster that has it."""

    where: str
    trouble: Trouble


def summed_up(state: str, troubles: Iterable[Located], facts: Report) -> Report:
    """`{"well": …, "state": …, "troubles": [{kind, where, about, detail}], …facts}`."""
    told = [{"where": one.where, **asdict(one.trouble)} for one in troubles]
    order = ("kind", "where", "about", "detail")
    listed = [{name: one[name] for name in order} for one in told]
    return {"well": not listed, "state": state, "troubles": listed, **facts}
