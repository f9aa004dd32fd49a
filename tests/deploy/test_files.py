"""The files of ``deploy``: what they name exists, fits together, and gives nothing away."""

import fnmatch
import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from emotion_core import paths
from tests.deploy import compose
from tests.test_requirements import declared, locked

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FILLED = {
    **compose.env_file(),
    "EMOTION_LENS_TURN_EXTERNAL_IP": "203.0.113.5",
    "EMOTION_LENS_TURN_SECRET": "a" * 64,
    "POSTGRES_PASSWORD": "b" * 64,
}


def steps() -> list[tuple[str, str]]:
    """(instruction, what stands behind it) of the Dockerfile."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [
        (op, " ".join(rest.split())) for op, _, rest in (x.strip().partition(" ") for x in lines)
    ]


def is_in_context(name: str) -> bool:
    """Whether the build gets to see a file: the last rule of .dockerignore that fits counts."""
    seen = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.lstrip("!")
        parts = Path(name).parts
        heads = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        tails = [pattern.removeprefix("**/")] if pattern.startswith("**/") else []
        fits = any(fnmatch.fnmatchcase(head, pattern) for head in heads)
        fits = fits or any(fnmatch.fnmatchcase(part, tail) for tail in tails for part in parts)
        if fits:
            seen = rule.startswith("!")
    return seen


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    copied = [rest.split()[:-1] for op, rest in steps() if op == "COPY" and "--from" not in rest]
    names = [name for names in copied for name in names]
    assert len(names) >= 8
    for name in names:
        assert (ROOT / name).exists(), name
        assert is_in_context(f"{name}/config.toml" if name == ".streamlit" else name), name
    assert is_in_context("models/flagship/model.tflite")
    assert is_in_context("pages/parts/common/style.css")


@pytest.mark.parametrize(
    "name",
    [
        ".git/config", ".venv/bin/python", "deploy/.env", ".streamlit/secrets.toml",
        "data/a.parquet", "runs/a/status.json", "store.sqlite", "sessions/a/b.parquet",
        "tests/conftest.py", "pages/__pycache__/live.pyc", "models/default.txt", "videos/a.mp4",
    ],
)  # fmt: skip
def test_what_is_private_never_gets_into_the_image(name: str) -> None:
    assert not is_in_context(name)


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_in_particular() -> None:
    bases = [rest for op, rest in steps() if op == "FROM"]
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"python:3\.11-slim-bookworm AS \w+", base)
    serving = steps()[[op for op, _ in steps()].index("FROM", 1) :]
    (user,) = [rest for op, rest in serving if op == "USER"]
    uid, gid = map(int, user.split(":"))
    assert min(uid, gid) >= 10_000
    # Nothing is changed once the user is.
    after = [op for op, _ in serving][[op for op, _ in serving].index("USER") :]
    assert not set(after) & {"RUN", "COPY", "ADD"}
    assert not any(op == "ADD" for op, _ in steps())


def test_the_image_is_healthy_when_the_app_answers() -> None:
    (check,) = [rest for op, rest in steps() if op == "HEALTHCHECK"]
    assert "http://127.0.0.1:8000/_stcore/health" in check
    (command,) = [rest for op, rest in steps() if op == "CMD"]
    assert json.loads(command) == ["emotion-lens", "app", "--port", "8000"]
    # It asks under this name, which the app has to answer to.
    hosts = compose.environment(compose.services(FILLED)["app"])["STREAMLIT_SERVER_ALLOWED_HOSTS"]
    assert "127.0.0.1" in hosts.split()


def test_no_secret_stands_in_a_file() -> None:
    for path in DEPLOY.iterdir():
        if path.name == "requirements.lock":
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[0-9a-f]{32}", text), path
    empty = {name for name, value in compose.env_file().items() if not value}
    assert empty >= {"EMOTION_LENS_TURN_SECRET", "POSTGRES_PASSWORD"}


def serving_lock() -> dict[str, str]:
    """{package: version} of the lock for serving."""
    pins = (line.partition(" ;")[0].partition("==") for line in locked("deploy/requirements.lock"))
    return {name: version for name, _, version in pins}


def test_what_serves_is_locked_and_does_without_tensorflow() -> None:
    lock = serving_lock()
    wanted = declared("api", "app", "login", "postgres", "reports")
    assert set(wanted) - set(lock) == set(), "run `make lock`"
    assert not set(lock) & {"tensorflow", "keras", "ray", "pytest", "jax", "torch"}
    hashes = locked("deploy/requirements.lock")
    assert all(hashes.values())
    everything = locked("requirements-dev.lock")
    versions = {line.partition(" ;")[0] for line in everything}
    assert {line.partition(" ;")[0] for line in hashes} <= versions, "run `make lock`"
    text = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text


def test_compose_says_what_is_missing() -> None:
    for name in ("EMOTION_LENS_DOMAIN", "EMOTION_LENS_TURN_SECRET", "POSTGRES_PASSWORD"):
        with pytest.raises(compose.MissingVariableError, match=name):
            compose.services({**FILLED, name: ""})


def test_every_variable_of_compose_stands_in_the_example() -> None:
    assert compose.used_variables() == set(compose.env_file())


def test_the_app_gets_variables_that_it_knows() -> None:
    known = {value for name, value in vars(paths).items() if name.endswith("_ENV")}
    given = compose.environment(compose.services(FILLED)["app"])
    own = {name for name in given if name.startswith("EMOTION_LENS")}
    assert own <= known
    assert own >= {paths.DATABASE_URL_ENV, paths.TURN_SECRET_ENV, paths.TURN_URLS_ENV}


def test_services_fit_together() -> None:
    services = compose.services(FILLED)
    app = services["app"]["networks"]["inside"]["ipv4_address"]
    assert compose.environment(services["coturn"])["EMOTION_LENS_APP_IP"] == app
    urls = compose.environment(services["app"])["EMOTION_LENS_TURN_URLS"].split(",")
    conf = (DEPLOY / "turnserver.conf").read_text(encoding="utf-8")
    assert {url.partition("?")[0] for url in urls} == {"turn:faces.example.org:3478"}
    assert "\nlistening-port=3478\n" in conf
    for service in services.values():
        assert service["restart"] == "unless-stopped"
        assert not service.get("image", "x:1").endswith(":latest")
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert not source.startswith("./") or (DEPLOY / source).exists(), volume
    for name in ("app", "postgres"):
        assert "ports" not in services[name], "reached through Caddy only"


def test_the_relay_opens_no_door_into_networks_behind_it() -> None:
    lines = (DEPLOY / "turnserver.conf").read_text(encoding="utf-8").splitlines()
    settings = [line for line in lines if line and not line.startswith("#")]
    assert "use-auth-secret" in settings
    assert "no-multicast-peers" in settings
    assert "allowed-peer-ip=${EMOTION_LENS_APP_IP}" in settings
    denied = {line.partition("=")[2] for line in settings if line.startswith("denied-peer-ip")}
    assert denied >= {
        "10.0.0.0-10.255.255.255", "127.0.0.0-127.255.255.255", "172.16.0.0-172.31.255.255",
        "192.168.0.0-192.168.255.255", "169.254.0.0-169.254.255.255",
    }  # fmt: skip
    low, high = (
        int(next(line for line in settings if line.startswith(name)).partition("=")[2])
        for name in ("min-port", "max-port")
    )
    assert 0 < high - low <= 100


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_coturn_gets_its_variables_and_only_those(tmp_path: Path) -> None:
    program = tmp_path / "turnserver"
    program.write_text('#!/bin/sh\necho "$3"; ls -l "$2" | cut -c1-10; cat "$2"\n')
    program.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "TURNSERVER_CONF": str(DEPLOY / "turnserver.conf"),
        "TMPDIR": str(tmp_path),
        **compose.environment(compose.services(FILLED)["coturn"]),
        # Nothing in a value is run, or put in once more.
        "EMOTION_LENS_TURN_SECRET": "$(touch harm)`touch harm`${HOME}|&\\1",
    }
    call = ["sh", str(DEPLOY / "turnserver.sh"), "--more"]
    done = subprocess.run(call, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, rights, *conf = done.stdout.splitlines()
    assert (first, rights) == ("--more", "-rw-------")
    assert "static-auth-secret=$(touch harm)`touch harm`${HOME}|&\\1" in conf
    assert "realm=faces.example.org" in conf
    assert "external-ip=203.0.113.5" in conf
    assert not (tmp_path / "harm").exists()
    for name in ("EMOTION_LENS_TURN_SECRET", "EMOTION_LENS_TURN_EXTERNAL_IP"):
        lacking = {**environment, name: ""}
        done = subprocess.run(call, env=lacking, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode != 0
        assert name in done.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy (apt-get install caddy)")
def test_caddy_takes_its_file() -> None:
    environment = {**os.environ, **compose.environment(compose.services(FILLED)["caddy"])}
    done = subprocess.run(
        ["caddy", "adapt", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"dial":"app:8000"' in done.stdout
    assert '"policy":"cookie"' in done.stdout
    assert '"faces.example.org"' in done.stdout


def test_the_example_of_kubernetes_is_yaml() -> None:
    assert importlib.util.find_spec("yaml") is not None
    import yaml

    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    (manifest,) = re.findall(r"```yaml\n(apiVersion.*?)```", text, re.DOTALL)
    kinds = {document["kind"]: document for document in yaml.safe_load_all(manifest)}
    assert set(kinds) == {"PersistentVolumeClaim", "Deployment", "Service", "Ingress"}
    pod = kinds["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/_stcore/health"
    assert pod["securityContext"]["runAsNonRoot"] is True
    known = {value for name, value in vars(paths).items() if name.endswith("_ENV")}
    names = {variable["name"] for variable in container["env"]}
    assert {name for name in names if name.startswith("EMOTION_LENS")} <= known
