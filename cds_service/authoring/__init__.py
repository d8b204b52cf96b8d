"""Tools for people who write rules: sample patients for cases, boundary Bundles, a trial in plain words."""
