"""The verb `load`: posts and comments from files into the blog, through its public API alone."""

from broker.load.command import load

__all__ = ["load"]
