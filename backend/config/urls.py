"""The doors of the house."""

from pathlib import Path

import drf_spectacular_sidecar
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.static import serve
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from backend.config import health
from miniprogram_api import callback, verify

# The only static files there are: the API page's own, straight from the installed package.
SIDECAR = Path(drf_spectacular_sidecar.__file__).parent / "static"
_static = cache_control(public=True, max_age=86400)(serve)

urlpatterns = [
    path("api/v1/", include("miniprogram_api.urls")),
    path("api/staff/v1/", include("backend.staff_api.urls")),
    path("verify", verify.page),
    path("wechat/callback", callback.receive),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("static/<path:path>", _static, {"document_root": SIDECAR}),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/workers", health.workers),
    path("metrics", health.metrics),
]

handler400 = "backend.config.fallback.bad_request"
handler404 = "backend.config.fallback.not_found"
handler500 = "backend.config.fallback.broken"
