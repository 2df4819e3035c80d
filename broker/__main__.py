"""`python -m broker` is the command `blog`, wherever its script cannot be run."""

from broker.cli import main

main(prog_name="blog")
