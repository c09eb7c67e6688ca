"""A Chromium without a screen, driven by WebDriver (W3C) over HTTP and, where that has no word for it, by the
DevTools protocol through chromedriver."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
KEYS = {'TAB': '\ue004', 'ENTER': '\ue007', 'ESCAPE': '\ue00c', 'SPACE': '\ue00d', 'LEFT': '\ue012', 'UP': '\ue013',
        'RIGHT': '\ue014', 'DOWN': '\ue015', 'HOME': '\ue011', 'END': '\ue010', 'SHIFT': '\ue008'}


class BrowserError(Exception):
    pass


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


class Browser:
    """One chromedriver with one window. Nothing of it leaves loopback: other hosts' names do not resolve."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.driver = subprocess.Popen([shutil.which('chromedriver'), '--port=%d' % self.port], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                       env={**os.environ, 'TZ': 'UTC', 'LANG': 'C.UTF-8', 'HOME': self.folder.name})
        self.session = None
        try:
            self._wait_for_driver()
            self._open()
        except BaseException:
            self.close()
            raise

    def _wait_for_driver(self):
        end = time.monotonic() + 30
        while True:
            try:
                if self.call('GET', '/status')['ready']:
                    return
            except (OSError, BrowserError):
                pass
            if time.monotonic() > end or self.driver.poll() is not None:
                raise BrowserError('chromedriver does not answer')
            time.sleep(.05)

    def _open(self):
        arguments = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
                     '--disable-background-networking', '--disable-component-update', '--disable-sync', '--lang=en-US',
                     '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--force-color-profile=srgb',
                     '--user-data-dir=' + os.path.join(self.folder.name, 'profile')]
        answer = self.call('POST', '/session', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome', 'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'},
            'goog:chromeOptions': {'binary': shutil.which('chromium'), 'args': arguments}}}})
        self.session = '/session/' + answer['sessionId']
        self.resize(1200, 900)

    def call(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == 'POST' else None
        request = urllib.request.Request('http://127.0.0.1:%d%s' % (self.port, path), data, method=method,
                                         headers={'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)['value']
        except urllib.error.HTTPError as error:
            raise BrowserError(error.read().decode(errors='replace')[:600]) from error

    def close(self):
        try:
            if self.session:
                self.call('DELETE', self.session)
        except (OSError, BrowserError):
            pass
        self.driver.terminate()
        self.driver.wait(20)
        self.folder.cleanup()

    # The window

    def devtools(self, command, **params):
        return self.call('POST', self.session + '/goog/cdp/execute', {'cmd': command, 'params': params})

    def resize(self, width, height, is_phone=False):
        self.devtools('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=is_phone)

    def media(self, **features):
        """color_scheme='dark', reduced_motion='reduce'; none = as usual."""
        self.devtools('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-' + name.replace('_', '-'), 'value': value} for name, value in features.items()])

    def open(self, url):
        self.call('POST', self.session + '/url', {'url': url})

    def run(self, script, *arguments):
        """A JavaScript function's body; what it returns."""
        return self.call('POST', self.session + '/execute/sync', {'script': script, 'args': list(arguments)})

    def press(self, *keys):
        """Keys one after the other, by name or as they are; SHIFT stays down for the one behind it."""
        actions, held = [], None
        for key in keys:
            value = KEYS.get(key, key)
            actions.append({'type': 'keyDown', 'value': value})
            if key == 'SHIFT':
                held = value
                continue
            actions.append({'type': 'keyUp', 'value': value})
            if held:
                actions.append({'type': 'keyUp', 'value': held})
                held = None
        self.call('POST', self.session + '/actions', {'actions': [{'type': 'key', 'id': 'keyboard', 'actions': actions}]})

    def point(self, x, y):
        self.call('POST', self.session + '/actions', {'actions': [{'type': 'pointer', 'id': 'mouse', 'actions': [
            {'type': 'pointerMove', 'duration': 0, 'x': int(x), 'y': int(y)}]}]})

    def screenshot(self, path, whole=True):
        if whole:
            height = self.run('return document.documentElement.scrollHeight')
            width = self.run('return innerWidth')
            self.resize(width, max(height, 300), width < 600)
            time.sleep(.2)
        with open(path, 'wb') as out:
            out.write(base64.b64decode(self.call('GET', self.session + '/screenshot')))

    # What it has noted since it was last asked

    def console(self):
        return self.call('POST', self.session + '/se/log', {'type': 'browser'})

    def requests(self):
        """The addresses of all that was asked for."""
        entries = self.call('POST', self.session + '/se/log', {'type': 'performance'})
        messages = [json.loads(entry['message'])['message'] for entry in entries]
        return [m['params']['request']['url'] for m in messages if m['method'] == 'Network.requestWillBeSent']
