"""What is kept of a run in docs/: changes with where that lies, and how much of it."""

from benchmarks import document, plots, results
from benchmarks.results import Run
from broker.runner.settings import PROJECT

DOCUMENT = PROJECT / "docs" / "benchmarks.md"
FOLDER = PROJECT / "docs" / "benchmarks"
KEPT = 3  # runs; older ones are in the history


def keep(run: Run) -> None:
    """Write the run's figures and curves, and set them into the document."""
    results.write(run, FOLDER)
    for old in sorted(FOLDER.glob("*.json"))[:-KEPT]:
        old.unlink()
    runs = results.kept(FOLDER)
    names = plots.write(results.newest_curves(runs), FOLDER)
    text = document.renewed(DOCUMENT.read_text("utf-8"), runs, names)
    DOCUMENT.write_text(text, "utf-8")


def newest() -> Run | None:
    """The newest run that is kept."""
    return next(reversed(results.kept(FOLDER)), None)
