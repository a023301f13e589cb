"""A web server killed in the middle: what it acknowledged is there, and the hash is the same."""

import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests

from backend.accounts import actions as accounts
from backend.files import actions
from backend.files.models import StoredFile
from backend.seeds import checking
from tests import servers
from tests.factories import files, world
from tests.sandboxes import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PART = 64 * 1024
OCTETS = {"Content-Type": "application/octet-stream"}


class Web:
    """The real web server on the test's database and folder, which can be killed and started."""

    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        self.base = f"http://127.0.0.1:{self.port}/api/v1"
        self.start()

    def start(self):
        flags = "--interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 2 --http 1"
        command = [sys.executable, "-m", "granian", *flags.split(), "--port", str(self.port)]
        around = {"DATABASE_URL": servers.database_url(), "FILES_ROOT": str(self.folder)}
        self.process = subprocess.Popen(
            [*command, "--no-ws", "--log-level", "error", "backend.config.wsgi:application"],
            env={**os.environ, **around, "LOG_LEVEL": "CRITICAL"},
            start_new_session=True,
        )
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if requests.get(self.base.replace("/api/v1", "/health/live"), timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        pytest.fail("the web server did not start")

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def web(folder):
    server = Web(folder)
    yield server
    server.kill()


@pytest.fixture
def phone():
    session = requests.Session()
    session.trust_env = False
    token = accounts.sign_in(account=world.an_account())
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def begin(web, phone, data):
    told = {"extension": "jpg", "media_type": "image/jpeg", "size": len(data)}
    told["sha256"] = hashlib.sha256(data).hexdigest()
    answer = phone.post(f"{web.base}/uploads", json=told, timeout=10)
    assert answer.status_code == 201, answer.text
    return f"{web.base}/uploads/{answer.json()['uid']}"


def send(phone, url, data, offset):
    piece = data[offset : offset + PART]
    answer = phone.put(f"{url}/parts?offset={offset}", data=piece, headers=OCTETS, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["received"]


def cut_off(phone, url, data, offset):
    """Announce a part, send half of it, and say no more; return the open connection."""
    place = urlsplit(url)
    piece = data[offset : offset + PART]
    head = (
        f"PUT {place.path}/parts?offset={offset} HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: {phone.headers['Authorization']}\r\nContent-Length: {len(piece)}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    link = socket.create_connection((place.hostname, place.port), 5)
    link.sendall(head.encode() + piece[: PART // 2])
    return link


def is_whole(data):
    file = StoredFile.objects.get()
    assert bytes(file.received_sha256) == hashlib.sha256(data).digest()
    assert hashlib.sha256(files.bytes_of(file)).digest() == bytes(file.sha256)
    assert list(checking.of_files()) == []


def test_killed_with_half_a_part_on_the_wire(web, phone):
    photo = files.a_jpeg(1000, 800)
    url = begin(web, phone, photo)
    received = send(phone, url, photo, send(phone, url, photo, 0))
    link = cut_off(phone, url, photo, received)
    time.sleep(0.2)
    web.kill()
    link.close()
    web.start()
    assert phone.get(url, timeout=10).json()["received"] == received == 2 * PART
    while received < len(photo):
        received = send(phone, url, photo, received)
    assert phone.post(f"{url}/finish", timeout=60).status_code == 201
    is_whole(photo)


def test_a_dropped_connection_takes_nothing(web, phone):
    photo = files.a_jpeg(1000, 800)
    url = begin(web, phone, photo)
    received = send(phone, url, photo, 0)
    cut_off(phone, url, photo, received).close()
    time.sleep(0.3)
    assert phone.get(url, timeout=10).json()["received"] == received


def test_killed_again_and_again_it_still_arrives(web, phone):
    photo = files.a_jpeg(1600, 1200)
    chance = random.Random(20260925)
    url = begin(web, phone, photo)
    over = threading.Event()

    def trouble():
        for _ in range(3):
            time.sleep(chance.uniform(0.05, 0.3))
            web.kill()
            web.start()
        over.set()

    killer = threading.Thread(target=trouble)
    killer.start()
    received, heard = 0, 0
    while received < len(photo) or not over.is_set():
        try:
            now = phone.get(url, timeout=5).json()["received"]
            assert now >= heard, "an acknowledged part has gone"
            received = heard = send(phone, url, photo, now) if now < len(photo) else now
        except requests.RequestException:
            time.sleep(0.1)
    killer.join()
    assert phone.post(f"{url}/finish", timeout=60).status_code == 201
    is_whole(photo)
    actions.sweep()
    assert list(checking.of_files()) == []
