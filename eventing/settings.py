"""What an environment may have wrong."""


class Misconfigured(ValueError):
    """A setting is missing or wrong; the start ends here."""
