"""A stand-in for the server's http endpoint: the page, and a status that a test has made up.

states/well.json is a whole status; the others say what is different in them (RFC 7396). Times in them are seconds
before now, and "history" a word: what the last hour looks like. Run by itself it is for looking at the page:
standin.py [STATE] [PORT]
"""

import copy
import http.server
import json
import math
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, '..', '..', 'src', 'watch', 'page.html')
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"
STEP_S, SAMPLES = 30, 120


def merge(target, patch):
    """RFC 7396, but that null is a value."""
    if not isinstance(patch, dict):
        return patch
    result = copy.copy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        result[key] = merge(result.get(key), value)
    return result


def busy(i, chance):
    wave = 30 + 12 * math.sin(i / 17) + 6 * math.sin(i / 5) + chance.gauss(0, 2)
    flood = 900 if 61 <= i <= 63 else 0
    outage = 240 if 84 <= i <= 90 else 0
    return [max(0, int(n)) for n in (STEP_S * wave * .55, STEP_S * wave * .27, STEP_S * wave * .14, STEP_S * wave * .03 + 3,
                                     chance.choice((0, 0, 2, 5)) + outage, flood)]


def quiet(_, chance):
    return [chance.choice((0, 0, 1, 2, 4)), chance.choice((0, 0, 0, 1)), chance.choice((0, 0, 1)), 0, 0, 0]


def none(_, __):
    return [0] * 6


SHAPES = {'busy': (busy, SAMPLES), 'quiet': (quiet, SAMPLES), 'none': (none, SAMPLES), 'short': (busy, 17), 'empty': (busy, 0)}


def load(name):
    with open(os.path.join(HERE, 'states', name + '.json'), encoding='utf-8') as file:
        return json.load(file)


def status(name, now, patch=None):
    """The status of a state, as the server would say it now."""
    result = merge(load('well'), load(name) if name != 'well' else {})
    result = merge(result, patch or {})
    result['now'] = int(now)
    shape, count = SHAPES[result['queries']['history']]
    end = int(now) // STEP_S * STEP_S
    samples = [shape(i, random.Random(end // STEP_S - i)) for i in range(SAMPLES)][SAMPLES - count:]
    result['queries']['history'] = {'step_s': STEP_S, 'end': end, 'samples': samples}
    for entry in result['recent'] or []:
        entry['when'] = int(now) - entry['when']
    return result


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        server = self.server.standin
        if self.server is not server.server:
            self.close_connection = True  # of before it went away
            return
        server.asked.append(self.path)
        if self.path == '/':
            with open(PAGE, 'rb') as file:
                self.reply(200, 'text/html; charset=utf-8', file.read())
        elif self.path == '/status.json':
            self.reply(200, 'application/json', json.dumps(server.status()).encode())
        else:
            self.reply(404, 'text/plain', b'there is no such page\n')

    def reply(self, code, kind, body):
        self.send_response(code)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Cache-Control', 'no-store')
        self.send_header('Content-Security-Policy', POLICY)
        self.send_header('X-Content-Type-Options', 'nosniff')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


class StandIn:
    """Serves a state, which may be changed while it runs; can be away for a while."""

    def __init__(self, state='well', port=0):
        self.state, self.patch, self.asked, self.port = state, {}, [], port
        self.server = None
        self.start()

    def status(self):
        return status(self.state, time.time(), self.patch)

    def start(self):
        self.server = Server(('127.0.0.1', self.port), Handler)
        self.server.standin = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(.05,), daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    @property
    def url(self):
        return 'http://127.0.0.1:%d/' % self.port


def main():
    server = StandIn(sys.argv[1] if len(sys.argv) > 1 else 'well', int(sys.argv[2]) if len(sys.argv) > 2 else 8064)
    print(server.url)
    while True:
        time.sleep(3600)


if __name__ == '__main__':
    main()
