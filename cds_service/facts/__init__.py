"""The patient in the rule author's words: one name per clinical fact, with its evidence or why it is unknown."""
