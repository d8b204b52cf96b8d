"""Text that tries to be more than text."""

from hypothesis import strategies as st

PIECES = [
    *(
        "a",
        "é",
        "word",
        "1",
        "5",
        "。",
        "🙂",
        "\u0301",
        "\u200b",
        "\u202e",
        "\u2028",
        "\x00",
        "\t",
        "\n",
        "\r",
        " ",
        "   ",
    ),
    *(
        "*",
        "**",
        "_",
        "__",
        "~",
        "~~",
        "`",
        "```",
        "\\",
        "|",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](http://e.com)",
        "[x]",
        "[^1]",
    ),
    *(
        "<",
        ">",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "<?",
        "<script>",
        "<http://a.b>",
        "<a@b.de>",
        "&",
        "&lt;",
        "&#60;",
        "&amp;",
    ),
    *("&copy", "#", "# ", "- ", "+ ", "1. ", "1) ", "> ", "---", "===", ":--", "$", "{", "}", '"', "'", "!", "=", ":"),
    *(
        "www.",
        "http://",
        "https://",
        "ftp://",
        "mailto:",
        "javascript:",
        "//",
        "@",
        "x@y.de",
        "evil.com",
        ".com",
        "10*9/L",
    ),
]

texts = st.lists(st.one_of(st.sampled_from(PIECES), st.characters()), min_size=1, max_size=12).map("".join)
"""Mostly pieces that mean something in Markdown or HTML, put together in any way."""

visible = texts.filter(lambda text: any(c.isalnum() and c.isascii() for c in text))
"""Such texts with something to see in them."""
