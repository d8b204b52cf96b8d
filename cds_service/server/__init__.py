"""What surrounds an answer: clients, persistence, replay, reloading, metrics, operations."""

from cds_service.server.answering import Answerer, compute, lasting, records_of, running_versions, warm
from cds_service.server.clients import authenticator_for, card_options, configured_clients
from cds_service.server.garbage import while_loading
from cds_service.server.metrics import MOST_TRIALS, Metrics, forget_dead_workers
from cds_service.server.metrics_folder import share_between_workers
from cds_service.server.operations import PATHS, operations_router
from cds_service.server.persistence import check_store, database_url, open_persistence, suppression_policies
from cds_service.server.reloading import LiveRules
from cds_service.server.replay import Replay, replay
from cds_service.server.wiring import Clocks, Wiring
from cds_service.server.workbench_mode import PATH, mount_workbench, workbench_on
from cds_service.server.zones import Calendar, client_zones

__all__ = [
    "MOST_TRIALS",
    "PATH",
    "PATHS",
    "Answerer",
    "Calendar",
    "Clocks",
    "LiveRules",
    "Metrics",
    "Replay",
    "Wiring",
    "authenticator_for",
    "card_options",
    "check_store",
    "client_zones",
    "compute",
    "configured_clients",
    "database_url",
    "forget_dead_workers",
    "lasting",
    "mount_workbench",
    "open_persistence",
    "operations_router",
    "records_of",
    "replay",
    "running_versions",
    "share_between_workers",
    "suppression_policies",
    "warm",
    "while_loading",
    "workbench_on",
]
