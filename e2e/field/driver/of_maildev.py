import base64
import email.message
import json
import smtplib
import time

from ask import TIMEOUT, Http, Refused, blob, check, times, word

SMTP = 1025


class Target:
    def __init__(self, host, port, rng):
        self.host, self.rng = host, rng
        self.http = Http(host, port)
        self.session = None
        self.round = 0

    def web(self, status, method, path):
        token = base64.b64encode(b"web:field").decode()
        return self.http.must(status, method, path, None, {"Authorization": f"Basic {token}"})

    def connect(self):
        return smtplib.SMTP(self.host, SMTP, local_hostname="client", timeout=TIMEOUT)

    def send(self, html=None, attachment=None, text="hello"):
        """Subject of a mail that was sent; senders keep their connection while it is good."""
        message = email.message.EmailMessage()
        subject = word(self.rng)
        message["From"], message["To"] = f"{word(self.rng)}@example.com", f"{word(self.rng)}@example.com"
        message["Subject"] = subject
        message.set_content(text)
        if html is not None:
            message.add_alternative(html, subtype="html")
        if attachment is not None:
            name, content = attachment
            message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        try:
            if self.session is None:
                self.session = self.connect()
                self.session.login("app", "field")
            self.session.send_message(message)
        except Exception:
            if self.session is not None:
                self.session.close()
            self.session = None
            raise
        return subject

    def find(self, subject, number=1):
        """Mails of this subject, once there are so many: a mail is shown soon after it was taken."""
        until = time.monotonic() + 1.0
        while len(mails := json.loads(self.web(200, "GET", f"/email?subject={subject}"))) < number:
            check(time.monotonic() < until, f"{len(mails)} mails {subject}")
            time.sleep(0.03)
        return mails

    @times(3)
    def probe_mail(self):
        text = word(self.rng, 20)
        mail = self.find(self.send(text=text))[0]
        check(mail["text"].strip() == text, "another text")

    @times(1)
    def probe_source(self):
        text = word(self.rng, 20)
        mail = self.find(self.send(text=text))[0]
        check(text.encode() in self.web(200, "GET", f"/email/{mail['id']}/source"), "another source")

    @times(1)
    def probe_attachment(self):
        name, content = word(self.rng) + ".bin", blob(self.rng, 90_000)
        mail = self.find(self.send(attachment=(name, content)))[0]
        path = f"/email/{mail['id']}/attachment/{mail['attachments'][0]['generatedFileName']}"
        # It may be shown before its last bytes are in the file.
        until = time.monotonic() + 1.0
        while self.web(200, "GET", path) != content:
            check(time.monotonic() < until, "another attachment")
            time.sleep(0.03)

    @times(1)
    def probe_html(self):
        text = word(self.rng, 20)
        mail = self.find(self.send(html=f"<p>{text}</p><script>alert(1)</script>"))[0]
        page = self.web(200, "GET", f"/email/{mail['id']}/html").decode()
        check(text in page and "<script" not in page, "another page")

    @times(1)
    def probe_restored(self):
        check(json.loads(self.web(200, "GET", "/email/welcome"))["subject"] == "welcome", "another mail")

    @times(1)
    def probe_relay(self):
        subject = self.send()
        mail = self.find(subject)[0]
        self.web(200, "POST", f"/email/{mail['id']}/relay/{word(self.rng)}@example.org")
        self.find(subject, 2)

    @times(1)
    def probe_deletion(self):
        self.round += 1
        deleted = [self.find(self.send())[0]["id"], f"old{self.round}"]
        for name in deleted:
            self.web(200, "DELETE", f"/email/{name}")
        # Its files tell which mails there are.
        self.web(200, "GET", "/reloadMailsFromDirectory")
        self.find("welcome")
        time.sleep(0.1)
        for name in deleted:
            self.web(404, "GET", f"/email/{name}")

    @times(1)
    def wrong_sender(self):
        client = self.connect()
        try:
            client.ehlo()
            check(client.mail("a@example.com")[0] == 530, "taken from anybody")
            try:
                client.login("app", word(self.rng))
            except smtplib.SMTPAuthenticationError:
                return
            raise Refused("any password will do")
        finally:
            client.close()

    @times(2)
    def wrong_reader(self):
        self.http.must(401, "GET", "/email")

    @times(2)
    def wrong_mail(self):
        self.web(404, "GET", f"/email/{word(self.rng)}")
