"""Mails to a real mail server: by STARTTLS and a password; stopped, slow, full, without TLS, and saying what makes no sense."""
import email, email.policy, json, os, re, ssl, sys, threading, time, urllib.request

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP

from peers import Proxy, free_port, until
from server import PASSWORD, Server

CERTIFICATE = os.environ["BEARPIT_TLS"]


class Box:
    """What the mail server does with mails."""

    def __init__(self):
        self.mails, self.answers, self.refused, self.signed_in = [], [], 0, 0

    def sign_in(self, server, session, envelope, mechanism, data):
        self.signed_in += 1
        is_right = (data.login, data.password) == (b"bearpit", b"letters")
        return AuthResult(success=is_right, handled=True)

    async def handle_DATA(self, server, session, envelope):
        assert session.ssl, "a mail came without TLS"
        if self.answers:
            self.refused += 1
            return self.answers.pop(0)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos[0], mail))
        return "250 taken"

    def to(self, name):
        return [mail for address, mail in self.mails if address == f"{name}@example.org"]


class MailServer(Controller):
    """One that takes mails by TLS alone, from who knows the password."""

    def __init__(self, box, port, has_tls=True):
        self.box, self.has_tls = box, has_tls
        super().__init__(box, hostname="127.0.0.1", port=port)

    def factory(self):
        if not self.has_tls:
            return SMTP(self.handler, hostname="localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{CERTIFICATE}/cert.pem", f"{CERTIFICATE}/key.pem")
        return SMTP(self.handler, hostname="localhost", tls_context=context, require_starttls=True,
                    auth_required=True, authenticator=self.box.sign_in)


class Stage:
    def __init__(self):
        self.box, self.port = Box(), free_port()
        self.proxy = Proxy(self.port)
        self.peer = None
        self.open()
        os.environ.update({
            "BEARPIT_MAIL_PROVIDER": "smtp", "BEARPIT_MAIL_SMTP_SERVER": f"localhost:{self.proxy.port}",
            "BEARPIT_MAIL_SMTP_USER": "bearpit", "BEARPIT_MAIL_SMTP_PASSWORD": "letters",
            "BEARPIT_MAIL_FROM": "The pit <pit@example.org>", "SSL_CERT_FILE": f"{CERTIFICATE}/cert.pem"})
        self.server = Server().start()

    def open(self, has_tls=True):
        self.peer = MailServer(self.box, self.port, has_tls)
        self.peer.start()

    def close(self):
        self.peer.stop()

    def register(self, name):
        self.server.post("/api/auth/register", {"username": name, "mail": f"{name}@example.org", "password": PASSWORD})
        return self.server.login(name)

    def await_code(self, name, patience=90):
        until(lambda: self.box.to(name), f"{name} has a mail", patience)
        [mail] = self.box.to(name)
        text = mail.get_body(("plain",)).get_content()
        return re.search(r"^(\d{6})\s*$", text, re.M)[1]

    def confirm(self, token, code):
        request = urllib.request.Request(
            self.server.base + "/api/auth/mail/confirm", json.dumps({"code": code}).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer " + token})
        assert urllib.request.urlopen(request, timeout=20).status in (200, 204)

    def patch(self, token, body):
        request = urllib.request.Request(
            self.server.base + "/api/profile", json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer " + token}, method="PATCH")
        return json.load(urllib.request.urlopen(request, timeout=20))


def a_code_comes_by_tls_from_whom_it_should_and_confirms_the_address(stage):
    stage.anne = stage.register("anne")
    stage.confirm(stage.anne, stage.await_code("anne"))
    [mail] = stage.box.to("anne")
    assert mail["From"] == "The pit <pit@example.org>" and mail["Message-ID"] and mail["Date"], mail.items()
    assert mail.get_body(("html",)) is not None and stage.box.signed_in >= 1


def a_fill_is_in_the_list_and_in_a_mail_in_the_language_of_its_person(stage):
    stage.patch(stage.anne, {"settings": {"language": "es", "notifications": {"fills": True, "in_app": {"fills": True}}}})
    stage.server.post("/api/orders", {"symbol": "ACME", "side": "buy", "type": "market", "quantity": "3"}, stage.anne)
    until(lambda: stage.server.ask("/api/notifications/unread", stage.anne)["unread"] > 0, "the fill is in the list")
    listed = stage.server.ask("/api/notifications?kind=fill", stage.anne)["notifications"]
    assert sum(int(it["data"]["quantity"]) for it in listed) <= 3, listed
    until(lambda: len(stage.box.to("anne")) > 1, "a mail tells the fill", 120)
    mail = stage.box.to("anne")[1]
    assert "comprar 3 ACME" in mail.get_body(("plain",)).get_content(), mail.as_string()


def a_server_that_is_full_gets_the_mail_later_and_once(stage):
    stage.box.answers = ["452 4.2.2 the mailbox is full"]
    stage.register("bert")
    stage.await_code("bert")
    assert stage.box.refused == 1 and not stage.box.answers


def an_address_that_is_refused_for_good_is_not_asked_for_again(stage):
    stage.box.answers, before = ["550 5.1.1 no such user"] * 5, stage.box.refused
    stage.register("nobody")
    until(lambda: stage.box.refused > before, "the mail is refused")
    stage.box.answers = []
    # What comes later for others arrives.
    stage.register("carl")
    stage.await_code("carl")
    assert not stage.box.to("nobody") and stage.box.refused == before + 1


def a_server_that_is_stopped_or_says_nothing_sensible_gets_the_mail_later(stage):
    stage.close()
    stage.register("dora")
    stage.proxy.behave("garbage")
    stage.register("emil")
    time.sleep(1)
    assert stage.server.is_ready()
    stage.open()
    stage.proxy.behave("pass")
    for name in ("dora", "emil"):
        stage.await_code(name)


def a_server_that_answers_nothing_holds_up_nobody(stage):
    stage.proxy.behave("silence")
    token = stage.register("fred")
    begun = time.monotonic()
    stage.server.ask("/api/account", token)
    assert time.monotonic() - begun < 5
    time.sleep(1)
    stage.proxy.behave("pass")
    stage.await_code("fred")


def a_server_without_tls_gets_no_mail(stage):
    stage.close()
    stage.open(has_tls=False)
    seen, said = len(stage.box.mails), len(log())
    stage.register("gina")
    until(lambda: "offers no way to be asked" in log()[said:], "the log says why")
    assert len(stage.box.mails) == seen
    stage.close()
    stage.open()
    stage.await_code("gina")


def log():
    with open(os.environ["BEARPIT_LOG"]) as lines:
        return lines.read()


CHECKS = [
    a_code_comes_by_tls_from_whom_it_should_and_confirms_the_address,
    a_fill_is_in_the_list_and_in_a_mail_in_the_language_of_its_person,
    a_server_that_is_full_gets_the_mail_later_and_once,
    an_address_that_is_refused_for_good_is_not_asked_for_again,
    a_server_that_is_stopped_or_says_nothing_sensible_gets_the_mail_later,
    a_server_that_answers_nothing_holds_up_nobody,
    a_server_without_tls_gets_no_mail,
]

if __name__ == "__main__":
    stage = Stage()
    try:
        for check in CHECKS:
            started = time.monotonic()
            check(stage)
            print(f"ok      {check.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
        # Each mail came once: nothing was sent again that had arrived.
        names = [address for address, _ in stage.box.mails]
        assert sorted(set(names) - {"anne@example.org"}) == sorted(it for it in names if it != "anne@example.org"), names
        for secret in ("letters", "anne@example.org", *(stage.await_code(it) for it in ("bert", "gina"))):
            assert secret not in log(), f"the log has {secret}"
    except BaseException:
        import traceback
        traceback.print_exc()
        sys.stdout.flush()
        stage.server.process.kill()
        os._exit(1)
    stage.server.stop()
    stage.close()
    os._exit(0)
