"""Alembic's entry: runs the revisions on the connection that `cds_service.store.schema` has opened and locked."""

from alembic import context

from cds_service.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can't alter a column in place; a batch makes the table anew.
    render_as_batch=True,
)
context.run_migrations()
