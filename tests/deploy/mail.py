"""Takes mail as an account at a provider does: over STARTTLS, and with the right password. Writes it to the last argument. mail.py CERTIFICATE KEY USER PASSWORD FILE"""
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

certificate, key, user, password, file = sys.argv[1:]


class Inbox:
    async def handle_DATA(self, server, session, envelope):
        with open(file, "ab") as inbox:
            inbox.write(b"To: " + " ".join(envelope.rcpt_tos).encode() + b"\n" + envelope.content + b"\n")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    # Not handled here: the server answers whoever is wrong.
    return AuthResult(handled=False, success=(data.login, data.password) == (user.encode(), password.encode()))


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
# Not LOGIN: its question is put in other words here than Alertmanager knows.
Controller(
    Inbox(),
    hostname="127.0.0.1",
    port=587,
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    auth_exclude_mechanism=["LOGIN"],
    authenticator=authenticate,
).start()
threading.Event().wait()
