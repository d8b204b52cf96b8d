"""The files that people edit: opened, decoded and looked at. Every fault is a finding with its place."""

from cds_service.rule_files.opening import MOST_BYTES, is_there, read_file, unzipped
from cds_service.rule_files.places import CASES_FILE, TRIAL_FILE, TRIALS, about_places, trial_paths
from cds_service.rule_files.reading import (
    MOST_OF_A_KIND,
    READ_ENDINGS,
    SITE,
    Folder,
    LayeredFolders,
    Layers,
    Stamp,
    few_of_each,
    invalid,
    nearest,
    parse_json,
    pointer,
    read_json,
    stamp_at,
    stamp_of,
    unreadable,
)
from cds_service.rule_files.writing import PlaceError, check_inside, trial_folder

__all__ = [
    "CASES_FILE",
    "MOST_BYTES",
    "MOST_OF_A_KIND",
    "READ_ENDINGS",
    "SITE",
    "TRIALS",
    "TRIAL_FILE",
    "Folder",
    "LayeredFolders",
    "Layers",
    "PlaceError",
    "Stamp",
    "about_places",
    "check_inside",
    "few_of_each",
    "invalid",
    "is_there",
    "nearest",
    "parse_json",
    "pointer",
    "read_file",
    "read_json",
    "stamp_at",
    "stamp_of",
    "trial_folder",
    "trial_paths",
    "unreadable",
    "unzipped",
]
