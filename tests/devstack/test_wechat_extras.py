"""The WeChat sandbox on codes to scan, links, and the content check."""

import struct
import subprocess
import sys
import zlib
from functools import partial

import pytest
import requests

from tests.sandboxes import free_port, running


def test_draws_a_real_picture(wechat, token):
    answer = requests.post(
        f"{wechat.url}/wxa/getwxacodeunlimit",
        json={"scene": "c:3kTMd8x2", "page": "pages/index/index", "width": 430},
        params={"access_token": token},
        timeout=10,
    )
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", answer.content[16:24])
    length = struct.unpack(">I", answer.content[33:37])[0]
    rows = zlib.decompress(answer.content[41 : 41 + length])
    assert len(rows) == height * (width + 1)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"scene": ""}, 40129),
        ({"scene": "x" * 33}, 40129),
        ({"scene": "中文"}, 40129),
        ({"scene": "a", "page": "/pages/index"}, 41030),
        ({"scene": "a", "page": "pages/index?x=1"}, 41030),
        ({"scene": "a", "width": 100}, 40097),
    ],
)
def test_refuses_a_code_it_cannot_draw(wechat, token, body, errcode):
    answer = wechat.post("/wxa/getwxacodeunlimit", body, access_token=token)
    assert answer["errcode"] == errcode


def test_opens_a_link_for_its_first_reader_only(wechat, token):
    body = {"path": "pages/index/index", "expire_type": 1, "expire_interval": 30}
    link = wechat.post("/wxa/generate_urllink", body, access_token=token)["url_link"]
    opened = partial(wechat.post, "/sandbox/open-link")

    assert opened({"url_link": link, "who": "li"})["opened"]
    assert opened({"url_link": link, "who": "li"})["opened"]
    assert not opened({"url_link": link, "who": "wang"})["opened"]
    late = wechat.post("/wxa/generate_urllink", {**body, "expire_interval": 31}, access_token=token)
    assert late["errcode"] == 85401


def test_checks_text_of_residents_who_are_there(wechat, log_in, token):
    check = partial(wechat.post, "/wxa/msg_sec_check", access_token=token)
    openid = log_in("demo-li-1")["openid"]
    body = {"version": 2, "scene": 1, "openid": openid, "content": "请问周末办理吗"}

    assert check(body)["result"]["suggest"] == "pass"
    assert check({**body, "content": "违禁测试词"})["result"]["suggest"] == "risky"
    assert check({**body, "version": 1})["errcode"] == 40097
    assert check({**body, "content": "长" * 2501})["errcode"] == 40097
    wechat.post("/sandbox/clock", {"advance": 7000})
    assert check(body)["result"]["suggest"] == "pass"
    wechat.post("/sandbox/clock", {"real": True})
    assert check({**body, "openid": "o" + "x" * 27})["errcode"] == 61010


def test_shows_the_phones_and_their_cards(wechat):
    page = requests.get(wechat.url, timeout=5).text
    assert "微信沙箱" in page
    assert "http" not in page.replace(wechat.url, ""), "no asset from elsewhere"
    phone = requests.get(f"{wechat.url}/phone/<script>", timeout=5).text
    assert "<script>的手机" not in phone
    assert "还没有收到服务通知" in phone


def test_says_so_when_its_port_is_taken():
    port = free_port()
    command = [sys.executable, "-m", "backend.devstack.wechat", "--port", str(port)]
    with running("wechat", port=port):
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "已被占用" in done.stderr.decode()
