"""微信推送的门: verify, keep, say `success`; the work is done later, from what was kept."""

from django import db
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from backend.core import wechat
from notifications import actions

LARGEST = 64 * 1024


@csrf_exempt
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """
    Answer WeChat: the echo of the address check, or `success` once the push is kept.

    403 to whom the signature does not prove to be WeChat, 413 to what is too large, 503 while the
    database is down: WeChat then tries again, three times, five seconds apart.
    """
    query = {key: str(value) for key, value in request.GET.items()}
    if request.method == "GET":
        return _echo(query)
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return HttpResponse(status=413)
    try:
        callback = wechat.open_callback(query=query, body=body)
    except wechat.BadCallback:
        return HttpResponse(status=403)
    try:
        actions.keep_callback(callback=callback)
    except db.Error:
        wechat.release_callback(query=query)
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    return HttpResponse("success", content_type="text/plain")


def _echo(query: dict[str, str]) -> HttpResponse:
    try:
        return HttpResponse(wechat.echo(query=query), content_type="text/plain")
    except wechat.BadCallback:
        return HttpResponse(status=403)
