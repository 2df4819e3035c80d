"""What every test relies on: changes when the way tests run does."""

from hypothesis import settings

# The same examples each time and no deadline: a test fails for what the code does, not for the
# machine it runs on.
settings.register_profile("blog", deadline=None, derandomize=True)
settings.load_profile("blog")
