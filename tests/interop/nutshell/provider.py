"""An OpenID provider: whoever has a name and the right password gets an access token. Prints where it is."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

CLIENT = "cashu-client"
PASSWORD = "open sesame"
KEY = ec.generate_private_key(ec.SECP256R1())


class Provider(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):  # noqa: N802 (the library's name)
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        key = json.loads(ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one", "use": "sig", "alg": "ES256"}
        answers = {
            "/.well-known/openid-configuration": {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/certs",
                "token_endpoint": f"{issuer}/token",
                "grant_types_supported": ["password", "refresh_token"],
            },
            "/certs": {"keys": [key]},
        }
        self.answer(200 if self.path in answers else 404, answers.get(self.path, {}))

    def do_POST(self):  # noqa: N802 (the library's name)
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = {name: values[0] for name, values in body.items()}
        if asked.get("client_id") != CLIENT or asked.get("password") != PASSWORD:
            return self.answer(400, {"error": "invalid_grant"})
        issuer, now = f"http://127.0.0.1:{self.server.server_port}", int(time.time())
        claims = {"iss": issuer, "sub": asked["username"], "azp": CLIENT, "iat": now, "exp": now + 600}
        token = jwt.encode(claims, KEY, "ES256", {"kid": "one"})
        again = jwt.encode(claims, KEY, "ES256", {"kid": "one"})
        self.answer(200, {"access_token": token, "refresh_token": again, "token_type": "Bearer", "expires_in": 600})

    def answer(self, status, body):
        """Sends JSON."""
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Says nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    print(f"http://127.0.0.1:{server.server_port}/.well-known/openid-configuration", flush=True)
    server.serve_forever()
