"""Alembic's migrations, which travel with the package: `cds-service db upgrade`, and every start."""
