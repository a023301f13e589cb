"""The WeChat sandbox (微信沙箱) as a process: `python -m backend.devstack.wechat --port N`."""

from aiohttp import web

from backend.devstack import people, sandbox
from backend.devstack.faults import Script
from backend.devstack.wechat import account, control, extras, login, messages, phones
from backend.devstack.wechat.calls import spoken
from backend.devstack.wechat.limits import SEND
from backend.devstack.wechat.push import Manner, Push
from backend.devstack.wechat.state import WORLD, World


def build(world: World, manner: Manner) -> web.Application:
    """Return the sandbox: WeChat's pages of the server API, and its own side."""
    push = Push(world, manner)

    def forget() -> None:
        world.forget()
        push.forget()

    app = sandbox.application(world.journal, world.clock, forget)
    app[WORLD], app[control.PUSH] = world, push
    app.cleanup_ctx.append(push.live)
    get, post = app.router.add_get, app.router.add_post
    get("/sns/jscode2session", spoken(login.session, token=False))
    get("/cgi-bin/token", spoken(login.legacy_token, token=False))
    post("/cgi-bin/stable_token", spoken(login.stable_token, token=False))
    get("/wxa/checksession", spoken(login.check_session))
    post("/wxa/business/getuserphonenumber", spoken(login.phone))
    post(SEND, spoken(messages.send, one_at_a_time=True))
    get("/wxaapi/newtmpl/gettemplate", spoken(messages.templates))
    post("/cgi-bin/openapi/quota/get", spoken(extras.quota))
    post("/cgi-bin/clear_quota", spoken(extras.clear_quota))
    post("/wxa/msg_sec_check", spoken(extras.check_text))
    post("/wxa/media_check_async", spoken(extras.check_media))
    post("/wxa/getwxacodeunlimit", spoken(extras.program_code))
    post("/wxa/generate_urllink", spoken(extras.url_link))
    world.faults.routes(app)
    control.routes(app)
    phones.routes(app)
    return app


def main() -> None:
    options = sandbox.command_line("wechat", 9001)
    options.add_argument("--callback-url", default="", help="where events are pushed")
    chosen = options.parse_args()
    world = World(
        account.credentials(),
        people.load(chosen.people),
        sandbox.journal_in(chosen.data, "wechat"),
        Script(chosen.latency_ms),
    )
    app = build(world, Manner(url=chosen.callback_url))
    sandbox.serve(app, name="微信沙箱", port=chosen.port)


if __name__ == "__main__":
    main()
