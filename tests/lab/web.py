"""Web servers that say who they are and whom they have seen."""

import http.server
import json
import socket
import threading

import places


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'  # connections are kept
    timeout = 60

    def do_GET(self):
        body = json.dumps({'server': self.server.place, 'host': self.headers['Host'],
                           'client': self.client_address[0]}).encode() + b'\n'
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Web(http.server.ThreadingHTTPServer):
    """Port 80 of one address."""

    daemon_threads = True

    def __init__(self, place, address):
        self.place = place
        self.address_family = socket.AF_INET6 if ':' in address else socket.AF_INET
        with places.inside(place):
            super().__init__((address, 80), Handler)
            threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        # Without the look-up of the host's own name.
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address[0], 80

    def handle_error(self, *_):
        """A client that went away; checks of gateways do."""
