"""The Helm chart, rendered by Helm's own engine: sound Kubernetes, and what a cluster of a hospital asks for."""

import json
from typing import Any

import pytest
import yaml

from cds_service import __version__
from tests.deploy.manifests import CHART, resources

helm = pytest.importorskip("helm_python", reason="helm-python-sdk is not installed: make deploy-tools")

BASE: dict[str, Any] = {"existingSecret": "cds", "clients": {"insecureNoAuth": True}}
CLIENTS = {"clients": [{"id": "ehr", "issuer": "https://ehr.example.org", "jwks_url": "https://ehr.example.org/jwks"}]}
DIGEST = "ab" * 32
FULL: dict[str, Any] = {
    "existingSecret": "cds",
    "clients": {"file": CLIENTS},
    "publicUrl": "https://cds.example.org",
    "image": {"repository": "registry.example.org/cds-service", "digest": f"sha256:{DIGEST}"},
    "rules": {"source": "claim", "claim": {"name": "cds-rules"}, "expected": [DIGEST, "cd" * 32]},
    "site": {"claim": {"name": "cds-site", "path": "current"}},
    "settings": {"CDS_MAX_CARDS": 3, "CDS_CLOSED_TRIALS": "hide"},
    "ingress": {"enabled": True, "className": "nginx", "host": "cds.example.org", "tlsSecret": "tls"},
    "networkPolicy": {"clients": {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}},
    "monitoring": {"podMonitor": True, "rules": True, "labels": {"release": "prometheus"}},
    "tolerations": [{"key": "clinical", "operator": "Exists"}],
    "nodeSelector": {"zone": "clinical"},
    "priorityClassName": "clinical",
}
ARCHIVE: dict[str, Any] = {
    **FULL,
    "rules": {"source": "archive", "archive": {"configMap": "cds-rules"}, "expected": [DIGEST]},
    "autoscaling": {"enabled": False},
    "clients": {"existingConfigMap": "cds-clients"},
}
VARIANTS = {"least": BASE, "claim": FULL, "archive": ARCHIVE}


def render(values: dict[str, Any]) -> list[dict[str, Any]]:
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema(values)
        return resources(chart.render(values, name="trials", namespace="cds"))


def one(values: dict[str, Any], kind: str, component: str = "") -> dict[str, Any]:
    found = [r for r in render(values) if r["kind"] == kind and component in r["metadata"]["name"]]
    assert found, kind
    return found[0]


def pod(values: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = one(values, "Deployment")["spec"]["template"]["spec"]
    return spec


def environment(values: dict[str, Any]) -> dict[str, Any]:
    return {v["name"]: v.get("value", v.get("valueFrom")) for v in pod(values)["containers"][0]["env"]}


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_helm_has_nothing_to_say_against_it(values: dict[str, Any]) -> None:
    report = helm.lint(str(CHART), values, strict=True)
    assert report["errors"] == []
    assert [m for m in report["messages"] if m["severity"] > 1] == []


@pytest.mark.parametrize("version", ["1.27", "1.31", "1.35"])
@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_every_resource_is_sound_kubernetes(values: dict[str, Any], version: str) -> None:
    kubernetes = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed: make deploy-tools"
    )
    for resource in render(values):
        # The operator's own kinds have no schema there.
        if not resource["apiVersion"].startswith("monitoring.coreos.com/"):
            kubernetes.validate(resource, version, strict=True)


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_every_container_is_confined(values: dict[str, Any]) -> None:
    specs = [r["spec"]["template"]["spec"] for r in render(values) if r["kind"] in {"Deployment", "Job"}]
    assert len(specs) == 2
    for spec in specs:
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            allowed = container["securityContext"]
            assert allowed["readOnlyRootFilesystem"]
            assert allowed["allowPrivilegeEscalation"] is False
            assert allowed["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_the_chart_is_for_this_version() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == __version__
    assert pod(BASE)["containers"][0]["image"] == f"cds-service:{__version__}"
    assert pod(FULL)["containers"][0]["image"] == f"registry.example.org/cds-service@sha256:{DIGEST}"


def test_readiness_and_liveness_are_different_questions() -> None:
    container = pod(BASE)["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_no_replica_goes_before_its_successor_is_ready() -> None:
    assert one(BASE, "Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert one(BASE, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert one(BASE, "HorizontalPodAutoscaler")["spec"]["minReplicas"] > 1


def test_the_schema_is_there_before_the_new_pods() -> None:
    job = one(BASE, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["command"] == ["cds-service", "db", "upgrade"]


def test_secrets_come_from_a_secret() -> None:
    given = environment(BASE)
    assert given["CDS_DATABASE_URL"] == {"secretKeyRef": {"name": "cds", "key": "database-url"}}
    assert given["CDS_HASH_KEY"] == {"secretKeyRef": {"name": "cds", "key": "hash-key"}}


def test_clients_are_mounted_and_a_change_of_them_rolls_the_pods() -> None:
    config = one(FULL, "ConfigMap", "clients")
    assert json.loads(config["data"]["clients.json"]) == CLIENTS
    assert environment(FULL)["CDS_CLIENTS_FILE"] == "/etc/cds-service/clients.json"
    assert "CDS_INSECURE_NO_AUTH" not in environment(FULL)
    other = {**FULL, "clients": {"file": {"clients": [{**CLIENTS["clients"][0], "id": "other"}]}}}
    annotations = [one(v, "Deployment")["spec"]["template"]["metadata"]["annotations"] for v in (FULL, other)]
    assert annotations[0] != annotations[1]


def test_rules_on_a_claim_are_read_only_and_one_link_says_which() -> None:
    assert environment(FULL)["CDS_RULES_DIR"] == "/srv/rules/current"
    assert environment(FULL)["CDS_EXPECTED_RULES"] == f"{DIGEST},{'cd' * 32}"
    [volume] = [v for v in pod(FULL)["volumes"] if v["name"] == "rules"]
    assert volume["persistentVolumeClaim"] == {"claimName": "cds-rules", "readOnly": True}


def test_a_sites_folder_is_mounted_read_only_where_there_is_one() -> None:
    assert environment(FULL)["CDS_SITE_DIR"] == "/srv/site/current"
    [mount] = [m for m in pod(FULL)["containers"][0]["volumeMounts"] if m["name"] == "site"]
    assert mount == {"name": "site", "mountPath": "/srv/site", "readOnly": True}
    [volume] = [v for v in pod(FULL)["volumes"] if v["name"] == "site"]
    assert volume["persistentVolumeClaim"] == {"claimName": "cds-site", "readOnly": True}
    assert "CDS_SITE_DIR" not in environment(BASE)
    assert [v["name"] for v in pod(BASE)["volumes"]] == ["tmp"]


def test_rules_in_an_archive_are_unpacked_before_the_service_starts() -> None:
    [unpack] = pod(ARCHIVE)["initContainers"]
    assert unpack["command"][:3] == ["python", "-m", "tarfile"]
    assert environment(ARCHIVE)["CDS_RULES_DIR"] == "/srv/rules"


def test_only_what_an_ehr_calls_is_offered_outside() -> None:
    [rule] = one(FULL, "Ingress")["spec"]["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == ["/cds-services"]


def test_nothing_reaches_out_unless_it_is_said_where() -> None:
    egress = one(BASE, "NetworkPolicy")["spec"]["egress"]
    assert [[p["port"] for p in way["ports"]] for way in egress] == [[53, 53], [5432]]
    assert one(FULL, "NetworkPolicy")["spec"]["egress"][2]["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]


def test_the_alerts_are_those_of_prometheus() -> None:
    rules = one(FULL, "PrometheusRule")
    alerts = yaml.safe_load((CHART.parents[1] / "prometheus" / "alerts.yaml").read_text())
    assert rules["spec"] == alerts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"existingSecret": ""}, "existingSecret"),
        ({"clients": {"insecureNoAuth": False}}, "clients"),
        ({"publicUrl": ""}, "publicUrl"),
        ({"rules": {"source": "claim", "claim": {"name": ""}}}, "rules.claim.name"),
        ({"rules": {"source": "archive", "archive": {"configMap": ""}}}, "rules.archive.configMap"),
        ({"rules": {"source": "archive", "archive": {"configMap": "x"}, "expected": []}}, "rules.expected"),
        ({"rules": {"source": "elsewhere"}}, "source"),
        ({"site": {"claim": {"name": "cds-site"}}, "settings": {"CDS_SITE_DIR": "/x"}}, "settings.CDS_SITE_DIR"),
        ({"rules": {"source": "packaged", "expected": ["not a digest"]}}, "expected"),
        ({"ingress": {"enabled": True, "host": "cds.example.org", "tlsSecret": ""}}, "ingress"),
        ({"settings": {"CDS_HOST": "127.0.0.1"}}, "CDS_HOST"),
        ({"settings": {"MAX_CARDS": 3}}, "MAX_CARDS"),
        ({"replica": 3}, "replica"),
    ],
)
def test_values_that_cannot_work_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(helm.HelmError, match=message):
        render({**FULL, **change})
