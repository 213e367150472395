"""Markdown of the content files, in Wagtail's rich text."""

import re

from markdown_it import MarkdownIt

_parser = MarkdownIt("commonmark", {"html": False, "typographer": False})

# Wagtail keeps <b>, <i> and flat list items and quotations; its editor would drop the rest on the first save.
_REWRITES = [
    (re.compile(r"<(/?)strong>"), r"<\1b>"),
    (re.compile(r"<(/?)em>"), r"<\1i>"),
    (re.compile(r"<(/?)code>"), r"<\1i>"),
    (re.compile(r"<li>\s*<p>"), "<li>"),
    (re.compile(r"</p>\s*</li>"), "</li>"),
    (re.compile(r"<blockquote>\s*<p>"), "<blockquote>"),
    (re.compile(r"</p>\s*</blockquote>"), "</blockquote>"),
]


def to_rich_text(text: str) -> str:
    """Render Markdown as the HTML that Wagtail's rich text fields store."""
    html: str = _parser.render(text)
    for pattern, replacement in _REWRITES:
        html = pattern.sub(replacement, html)
    # Several paragraphs inside one quotation become lines of it.
    html = re.sub(
        r"<blockquote>.*?</blockquote>",
        lambda match: re.sub(r"</p>\s*<p>", "<br/>", match.group()),
        html,
        flags=re.DOTALL,
    )
    return html.strip()
