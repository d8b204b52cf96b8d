"""Boundary Bundles: patients just inside and just outside each limit of a rule."""
