"""The Helm chart, rendered for four kinds of installation: every manifest fits Kubernetes's own schemas, and keeps the house's
rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import helm_python
import jsonschema
import kubernetes_validate
import pytest
import yaml
from helm_python.chart import Chart, lint

from backend.jobs.job_type import QUEUES
from backend.settings import Settings
from tests.infra.programs import ROOT

CHART = ROOT / "infra" / "helm" / "influencerai"
KUBERNETES = ("1.33", "1.34", "1.35")
VALUES = {
    **{path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*.yaml"))},
    **{path.stem.removeprefix("values-"): path for path in sorted(CHART.glob("values-*.yaml"))},
}
OPERATORS = json.loads((ROOT / "tests/infra/schemas/operators.json").read_text())
PODS = {"Deployment", "StatefulSet", "Job", "CronJob"}
TRIAL = {"postgres", "valkey", "seaweedfs"}
Manifest = dict[str, Any]


@cache
def values_of(kind: str) -> dict[str, Any]:
    values = dict(yaml.safe_load(VALUES[kind].read_text()))
    values.setdefault("image", {"repository": "registry.example.org/studio"})  # of staging and production
    if kind == "staging":
        values["s3"] = {"endpoint": "https://s3.example.org"}
    return values


def render(values: dict[str, Any]) -> list[Manifest]:
    files = Chart.load(CHART).render(values, name="studio", namespace="studio")
    texts = (text for path, text in files.items() if path.endswith(".yaml"))
    return [manifest for text in texts for manifest in yaml.safe_load_all(text) if manifest]


@cache
def manifests(kind: str) -> list[Manifest]:
    return render(values_of(kind))


def pods(kind: str) -> Iterator[tuple[str, Manifest]]:
    """(component, pod spec)."""
    for manifest in manifests(kind):
        if manifest["kind"] in PODS:
            spec = manifest["spec"]["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else manifest["spec"]
            template = spec["template"]
            yield template["metadata"]["labels"]["app.kubernetes.io/component"], template["spec"]


def of_kind(kind: str, name: str) -> list[Manifest]:
    return [manifest for manifest in manifests(kind) if manifest["kind"] == name]


def variables(pod: Manifest) -> set[str]:
    return {variable["name"] for container in pod["containers"] for variable in container.get("env", ())}


every_kind = pytest.mark.parametrize("kind", VALUES)


@every_kind
def test_it_is_linted_and_its_values_fit_their_schema(kind: str) -> None:
    report = lint(CHART, values_of(kind), strict=True)
    assert not report["errors"]
    assert not [message for message in report["messages"] if message["severity"] >= 2]


@every_kind
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_manifest_fits_kubernetes(kind: str, version: str) -> None:
    known = 0
    for manifest in manifests(kind):
        if manifest["kind"] not in OPERATORS["api_versions"]:
            kubernetes_validate.validate(manifest, version, strict=True)
            known += 1
    assert known > 10


@every_kind
def test_kinds_of_operators_fit_what_we_use_of_them(kind: str) -> None:
    for manifest in manifests(kind):
        if version := OPERATORS["api_versions"].get(manifest["kind"]):
            assert manifest["apiVersion"] == version
            schema = {"$ref": f"#/$defs/{manifest['kind']}", "$defs": OPERATORS["$defs"]}
            jsonschema.Draft202012Validator(schema).validate(manifest["spec"])


@every_kind
def test_every_container_is_confined(kind: str) -> None:
    for component, pod in pods(kind):
        assert pod["securityContext"]["runAsNonRoot"] is True, component
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        mounts = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
        claims = {"data"} if component in TRIAL else set()
        assert mounts == {volume["name"] for volume in pod["volumes"]} | claims
        assert all(volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if "emptyDir" in volume)
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= set(container["resources"]["limits"])
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            tag = container["image"].rpartition(":")[2]
            assert tag[0].isdigit() or tag[0] == "v" or "@sha256:" in container["image"], container["image"]


@every_kind
def test_probes_are_those_of_the_seeds(kind: str) -> None:
    for component, pod in pods(kind):
        if component == "studio" or component.startswith("worker-"):
            [container] = pod["containers"]
            liveness, readiness = container["livenessProbe"], container["readinessProbe"]
            assert liveness["httpGet"]["path"] == "/health"
            assert readiness["httpGet"]["path"] == "/ready"
            figures = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")
            assert [liveness[name] for name in figures] == [30, 10, 5, 3]
            assert [readiness[name] for name in figures[:2]] == [10, 5]
            ports = {port["name"] for port in container["ports"]}
            assert {liveness["httpGet"]["port"], readiness["httpGet"]["port"]} <= ports


@every_kind
def test_a_process_has_time_to_hand_its_work_back(kind: str) -> None:
    for component, pod in pods(kind):
        if component.startswith("worker-"):
            [grace] = [
                int(variable["value"]) for variable in pod["containers"][0]["env"] if variable["name"] == "WORKER_STOP_GRACE_S"
            ]
            assert 15 <= grace <= pod["terminationGracePeriodSeconds"] - 10


@every_kind
def test_every_variable_is_a_setting_and_secrets_come_by_reference(kind: str) -> None:
    settings = {name for name, _ in Settings.read(None).by_variable()}
    secrets = {name for name, value in Settings.read(None).by_variable() if hasattr(value, "get_secret_value")}
    [settings_map] = of_kind(kind, "ConfigMap")[:1]
    assert settings_map["metadata"]["name"] == "studio-settings"
    assert set(settings_map["data"]) <= settings - secrets | _BACKUP
    for component, pod in pods(kind):
        if component not in TRIAL:
            assert variables(pod) <= settings | _BACKUP, component
        for container in pod["containers"]:
            for variable in container.get("env", ()):
                if variable["name"] in secrets:
                    assert variable["valueFrom"]["secretKeyRef"]["name"] == "influencerai"
    assert not of_kind(kind, "Secret")


@every_kind
def test_a_process_gets_no_login_but_its_own(kind: str) -> None:
    for component, pod in pods(kind):
        names = variables(pod)
        assert ("DATABASE_OWNER_URL" in names) == (component in {"migrations", "backup"})
        assert ("WORKER_DATABASE_URL" in names) == component.startswith("worker-")
        assert ("METRICS_TOKEN" in names) == (component == "studio")
        if component.startswith("worker-gpu"):
            assert not names & {"INSTAGRAM_APP_SECRET", "SMTP_URL", "WEBHOOK_SECRET"}


@every_kind
def test_every_queue_is_served_and_somebody_keeps_time(kind: str) -> None:
    commands = [pod["containers"][0]["command"] for component, pod in pods(kind) if component.startswith("worker-")]
    served = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}
    assert served == set(QUEUES)
    assert any("--tick" in command for command in commands)


@every_kind
def test_selectors_find_their_pods_and_ports(kind: str) -> None:
    labels = [manifest["spec"]["template"]["metadata"]["labels"] for manifest in manifests(kind) if _template(manifest)]
    ports = {port["name"] for _, pod in pods(kind) for container in pod["containers"] for port in container.get("ports", ())}
    services = of_kind(kind, "Service")
    for service in services:
        assert any(service["spec"]["selector"].items() <= found.items() for found in labels)
        assert all(port["targetPort"] in ports for port in service["spec"]["ports"])
    for budget in of_kind(kind, "PodDisruptionBudget"):
        assert any(budget["spec"]["selector"]["matchLabels"].items() <= found.items() for found in labels)
    for monitor in of_kind(kind, "ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        found = [service for service in services if wanted <= service["metadata"]["labels"].items()]
        for endpoint in monitor["spec"]["endpoints"]:
            assert any(port["name"] == endpoint["port"] for service in found for port in service["spec"]["ports"])
    targets = {manifest["metadata"]["name"] for manifest in of_kind(kind, "Deployment")}
    for scaled in of_kind(kind, "ScaledObject") + of_kind(kind, "HorizontalPodAutoscaler"):
        assert scaled["spec"]["scaleTargetRef"]["name"] in targets
    for ingress in of_kind(kind, "Ingress"):
        backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        assert backend["name"] in {service["metadata"]["name"] for service in services}


@every_kind
def test_whoever_is_scaled_has_no_fixed_number(kind: str) -> None:
    scaled = {
        manifest["spec"]["scaleTargetRef"]["name"]
        for manifest in of_kind(kind, "ScaledObject") + of_kind(kind, "HorizontalPodAutoscaler")
    }
    for deployment in of_kind(kind, "Deployment"):
        assert ("replicas" in deployment["spec"]) == (deployment["metadata"]["name"] not in scaled)
        assert deployment["metadata"]["name"] in {budget["metadata"]["name"] for budget in of_kind(kind, "PodDisruptionBudget")}


def test_production_has_the_seeds_numbers() -> None:
    [scaler] = of_kind("production", "HorizontalPodAutoscaler")
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (3, 5)
    [ingress] = of_kind("production", "Ingress")
    annotations = ingress["metadata"]["annotations"]
    assert annotations["cert-manager.io/cluster-issuer"] == "letsencrypt-prod"
    assert annotations["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    schedules = {job["metadata"]["name"]: job["spec"]["schedule"] for job in of_kind("production", "CronJob")}
    assert schedules == {"studio-backup-full": "0 2 * * *", "studio-backup-incremental": "0 8,14,20 * * *"}
    [migrations] = of_kind("ha", "Job")
    assert "pre-upgrade" in migrations["metadata"]["annotations"]["helm.sh/hook"]


def test_cards_go_to_workers_that_draw_alone() -> None:
    for component, pod in pods("gpu"):
        cards = pod["containers"][0]["resources"]["limits"].get("nvidia.com/gpu", 0)
        assert cards == (1 if component in {"worker-gpu", "worker-training"} else 0)
        assert bool(cards) == bool(pod.get("nodeSelector"))


@pytest.mark.parametrize(
    "values",
    [
        {"settings": {"OPENROUTER_API_KEY": "x"}},
        {"settings": {"DATABASE_URL": "x"}},
        {"image": {"tag": "latest"}},
        {"studio": {"replica": 3}},
        {"workers": {"cpu": {"queues": ["disk"]}}},
        {"publicUrl": "studio.example.org"},
    ],
    ids=json.dumps,
)
def test_values_that_cannot_be_meant_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(helm_python.HelmError):
        Chart.load(CHART).validate_schema(Chart.load(CHART).merge_values(values))


def test_what_must_be_said_is_asked_for() -> None:
    image, s3 = {"image": {"repository": "x"}}, {"s3": {"endpoint": "https://s3.example.org"}}
    for values, missing in (s3, r"image\.repository"), (image, r"s3\.endpoint"):
        with pytest.raises(helm_python.HelmError, match=missing):
            render(values)
    assert render({**image, **s3})


def _template(manifest: Manifest) -> bool:
    return "template" in manifest.get("spec", {}) and "metadata" in manifest["spec"]["template"]


_BACKUP = {"BACKUP_TARGET", "BACKUP_S3_KEY", "BACKUP_S3_SECRET"}
"""Settings of backups."""
