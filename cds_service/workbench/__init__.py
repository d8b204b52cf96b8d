"""The rule author's desk: web pages at `/workbench` (docs/authoring.md). Needs the extra `workbench`."""
