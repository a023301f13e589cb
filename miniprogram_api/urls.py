"""The residents' page of routes (居民端); no trailing slashes, no PATCH: wx.request has none."""

from django.urls import path

from miniprogram_api import auth, cases, clock, drafts, inbox, items, lookup, me, verify

urlpatterns = [
    path("login", auth.LogIn.as_view()),
    path("logout", auth.LogOut.as_view()),
    path("sessions", auth.SessionList.as_view()),
    path("sessions/<uuid:uid>/end", auth.SessionEnd.as_view()),
    path("phone", auth.Phone.as_view()),
    path("realname", auth.Realname.as_view()),
    path("bootstrap", me.Bootstrap.as_view()),
    path("me", me.Me.as_view()),
    path("me/preferences", me.Preferences.as_view()),
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
    path("cases/<str:number>/clock", clock.CaseClock.as_view()),
    path("cases/<str:number>/withdraw", cases.CaseWithdraw.as_view()),
    path("inbox", inbox.Inbox.as_view()),
    path("inbox/unread-count", inbox.UnreadCount.as_view()),
    path("inbox/read-all", inbox.ReadAll.as_view()),
    path("inbox/<int:id>/read", inbox.NoticeRead.as_view()),
    path("inbox/<int:id>/hide", inbox.NoticeHide.as_view()),
    path("subscribe-templates", inbox.SubscribeTemplates.as_view()),
    path("subscriptions", inbox.Subscriptions.as_view()),
    path("lookup", lookup.Lookup.as_view()),
    path("verify", verify.Verify.as_view()),
    path("papers/<str:token>", verify.PaperFile.as_view()),
]
