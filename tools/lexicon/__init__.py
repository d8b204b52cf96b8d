"""Makes the lexicon and the telling words from the names of code systems. See docs/terminology.md."""
