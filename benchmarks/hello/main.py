"""The smallest functions-framework function: what a start and a request cost at least."""

import functions_framework
from flask import Request


@functions_framework.http
def hello(_: Request) -> str:
    """The entry point that functions-framework calls."""
    return "hi"
