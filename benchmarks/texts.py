"""What the posts and comments of a measurement say: the same for both blogs, every time."""

BODY = (
    "It *works*, and here is [how](https://example.org).\n\n"
    "A post of a few lines, as people write them: paragraphs, some **emphasis**, a list.\n\n"
    "- one thing\n- another thing\n\n"
    "What follows is only there to fill the post up to an everyday length, as most posts say more"
    " than fits into the list of all posts."
)


def post(number: int) -> dict[str, str]:
    """A post, as its author sends it."""
    return {"title": f"Post number {number}", "body": BODY}


def comment(number: int) -> dict[str, str]:
    """A comment, as a reader sends it; each says something else."""
    return {"content": f"Nice to read, says reader {number}.", "author": f"Reader {number}"}
