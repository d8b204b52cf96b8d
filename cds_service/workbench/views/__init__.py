"""What the pages show, as plain values: pure functions of a record, a library and a day."""
