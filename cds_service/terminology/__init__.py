"""From value-set definitions to expansions: what a person reviews, and what is loaded."""
