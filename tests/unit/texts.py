"""Texts that people may write, as hypothesis makes them: changes when the limits of text do."""

from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
"""Any Unicode text that can be kept."""

CHARACTER = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Z", "Cc"])
"""One code point that is no white space."""

UNKEEPABLE = st.sampled_from(["\0", "a\0b", "\ud800", "\udfff", "a\udc00"])
"""Texts that no database and no UTF-8 can hold."""

NO_TEXT: st.SearchStrategy[object] = st.sampled_from([None, False, 0, 1.5, [], ["text"], {}])
"""JSON values that are no strings."""
