"""Counts and says what became of a load: changes when its summary does."""

import msgspec

AGAIN = "Another run goes on where this one ended"


class Count(msgspec.Struct, kw_only=True, rename="camel"):
    """What became of the posts, or of the comments; what was not tried is `not_sent`."""

    not_sent: int
    new: int = 0
    already_there: int = 0
    failed: int = 0

    def made(self, *, new: bool) -> None:
        """One more is on the blog, made by this run or by one before."""
        self.not_sent -= 1
        self.new += new
        self.already_there += not new

    def fail(self) -> None:
        """One was tried and cannot be loaded."""
        self.not_sent -= 1
        self.failed += 1

    @property
    def loaded(self) -> int:
        """How many are on the blog."""
        return self.new + self.already_there

    @property
    def total(self) -> int:
        """How many there are to load."""
        return self.loaded + self.failed + self.not_sent

    def __str__(self) -> str:
        rest = f", {self.not_sent} not sent" if self.not_sent else ""
        return f"{self.new} new, {self.already_there} already there, {self.failed} failed{rest}"


class Report(msgspec.Struct, kw_only=True, rename="camel"):
    """One load, times in seconds; `settled` has the comments by status with `--wait` only."""

    posts: Count
    comments: Count
    seconds: float = 0.0
    per_second: float = 0.0
    settled: dict[str, int] | None = None
    settled_after: float | None = None
    stopped: str | None = None

    @property
    def succeeded(self) -> bool:
        """Is everything on the blog, and settled where that was asked for?"""
        complete = all(count.loaded == count.total for count in (self.posts, self.comments))
        return complete and self.stopped is None

    def loaded_in(self, seconds: float) -> None:
        """Note how long the loading took, without the settling."""
        self.seconds = round(seconds, 3)
        self.per_second = round((self.posts.loaded + self.comments.loaded) / seconds, 1)

    def __str__(self) -> str:
        lines = [f"posts: {self.posts}", f"comments: {self.comments}"]
        lines.append(f"loaded in {self.seconds:.1f} s, {self.per_second:.0f} per second")
        if self.settled is not None:
            statuses = ", ".join(f"{n} {status}" for status, n in sorted(self.settled.items()))
            lines.append(f"settled after {self.settled_after:.1f} s: {statuses or 'no comments'}")
        if self.stopped is not None:
            lines.append(f"stopped: {self.stopped}. {AGAIN}.")
        return "\n".join(lines)
