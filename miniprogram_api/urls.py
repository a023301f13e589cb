"""The residents' page of routes (居民端); no trailing slashes, no PATCH: wx.request has none."""

from django.urls import path

from miniprogram_api import auth, cases, drafts, items, lookup

urlpatterns = [
    path("login", auth.LogIn.as_view()),
    path("logout", auth.LogOut.as_view()),
    path("sessions", auth.SessionList.as_view()),
    path("sessions/<uuid:uid>/end", auth.SessionEnd.as_view()),
    path("phone", auth.Phone.as_view()),
    path("realname", auth.Realname.as_view()),
    path("items", items.ItemList.as_view()),
    path("items/<slug:code>", items.ItemGuide.as_view()),
    path("items/<slug:code>/form", items.ItemForm.as_view()),
    path("themes", items.ThemeList.as_view()),
    path("divisions", items.DivisionList.as_view()),
    path("drafts", drafts.DraftList.as_view()),
    path("drafts/<uuid:uid>", drafts.DraftDetail.as_view()),
    path("drafts/<uuid:uid>/discard", drafts.DraftDiscard.as_view()),
    path("cases", cases.CaseList.as_view()),
    path("cases/<str:number>", cases.CaseDetail.as_view()),
    path("cases/<str:number>/withdraw", cases.CaseWithdraw.as_view()),
    path("lookup", lookup.Lookup.as_view()),
]
