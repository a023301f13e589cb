"""As much of S3 as a bucket needs: put, get, head, delete, list; over real HTTP."""

import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

MISSING = b"<Error><Code>NoSuchKey</Code></Error>"


class Bucket:
    """The objects of one bucket; while `down`, every answer is 503."""

    def __init__(self):
        self.objects, self.signed, self.down = {}, set(), False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.server.bucket = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def listed(self, prefix):
        """List what begins with a prefix, folders apart (delimiter /)."""
        inside = [key[len(prefix) :] for key in self.objects if key.startswith(prefix)]
        folders = sorted({name.split("/")[0] + "/" for name in inside if "/" in name})
        names = [name for name in inside if "/" not in name]
        rows = [
            f"<CommonPrefixes><Prefix>{prefix}{one}</Prefix></CommonPrefixes>" for one in folders
        ]
        rows += [f"<Contents><Key>{prefix}{one}</Key><Size>1</Size></Contents>" for one in names]
        head = "<ListBucketResult><IsTruncated>false</IsTruncated>"
        return f"{head}{''.join(rows)}</ListBucketResult>".encode()


class Door(BaseHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.allowed():
            self.objects[self.key] = (body, datetime.now(UTC))
            self.answer(200, ETag='"1"')

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        if not self.allowed():
            return
        if "prefix" in query:
            self.answer(200, self.server.bucket.listed(query["prefix"][0]))
        elif self.key in self.objects:
            self.answer(200, self.objects[self.key][0], **self.about())
        else:
            self.answer(404, MISSING)

    def do_HEAD(self):
        if not self.allowed():
            return
        if self.key in self.objects:
            self.answer(200, self.objects[self.key][0], head=True, **self.about())
        else:
            self.answer(404)

    def do_DELETE(self):
        if self.allowed():
            self.objects.pop(self.key, None)
            self.answer(204)

    @property
    def objects(self):
        return self.server.bucket.objects

    @property
    def key(self):
        return unquote(urlsplit(self.path).path).split("/", 2)[2]

    def allowed(self):
        signed = "AWS4-HMAC-SHA256 Credential=mine/" in self.headers["Authorization"]
        self.server.bucket.signed.add(signed)
        if self.server.bucket.down:
            self.answer(503)
        return not self.server.bucket.down

    def about(self):
        written = format_datetime(self.objects[self.key][1], usegmt=True)
        return {"Last-Modified": written, "ETag": '"1"'}

    def answer(self, status, content=b"", *, head=False, **told):
        self.send_response(status)
        for name, value in told.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not head:
            self.wfile.write(content)

    def log_message(self, *_):
        pass
