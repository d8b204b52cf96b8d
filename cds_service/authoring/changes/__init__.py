"""What differs between two versions of the rules, in the rule author's terms, and whom it concerns."""
