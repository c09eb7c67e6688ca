"""The status page in a real browser, with a status that is made up: states/ and what a test puts over them."""

import os
import re
import time
import unittest

import browser
import standin

STATES = sorted(file[:-5] for file in os.listdir(os.path.join(standin.HERE, 'states')))
VISIBLE_TEXT = r'''
function channels(colour) { return colour.match(/[\d.]+/g).map(Number); }
function over(top, below) { const a = top[3] === undefined ? 1 : top[3]; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)); }
function luminance(c) {
	const [r, g, b] = c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
	return .2126 * r + .7152 * g + .0722 * b;
}
function contrast(a, b) { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); }
function ground(node) {
	const layers = [];
	for (let n = node; n; n = n.parentElement)
		layers.push(channels(getComputedStyle(n).backgroundColor));
	return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
}
'''


class Case(unittest.TestCase):
    """A browser for all tests of the module, a stand-in for each."""

    STATE = 'well'

    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def setUp(self):
        self.server = standin.StandIn(self.STATE)
        self.addCleanup(self.server.stop)
        self.browser.media(color_scheme='light')
        self.browser.resize(1200, 900)
        self.open()

    def open(self):
        self.browser.console()
        self.browser.requests()
        self.browser.open(self.server.url)
        self.wait(lambda: self.text('#updated').startswith('live'), 'the page does not come to live')

    def show(self, state, **patch):
        self.server.state, self.server.patch = state, patch
        self.open()

    def run_script(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def text(self, selector):
        return self.run_script('const e = document.querySelector(arguments[0]); return e ? e.innerText : null', selector)

    def wait(self, claim, complaint, within=12):
        end = time.monotonic() + within
        while not claim():
            if time.monotonic() > end:
                self.fail('%s: %s' % (complaint, self.text('body')))
            time.sleep(.1)

    def wait_text(self, selector, wanted):
        self.wait(lambda: wanted in (self.text(selector) or ''), 'no "%s" in %s' % (wanted, selector))

    def is_shown(self, selector):
        return self.run_script('const e = document.querySelector(arguments[0]); return !!e && e.checkVisibility()', selector)


class Shown(Case):
    """What the page shows of a status."""

    def test_it_loads_without_a_complaint_and_asks_nobody_else(self):
        self.wait(lambda: self.server.asked.count('/status.json') >= 2, 'it does not ask again')
        self.assertEqual(self.browser.console(), [])
        asked = self.browser.requests()
        self.assertTrue(asked)
        for url in asked:
            self.assertTrue(url.startswith((self.server.url, 'data:')), url)
        self.assertEqual(set(self.server.asked), {'/', '/status.json'})

    def test_the_state_is_said_in_words_and_sign_as_well(self):
        for state, sign in (('well', '✓ Well'), ('one-dead', '▲ Warning'), ('all-dead', '✕ Error')):
            self.show(state)
            self.assertEqual(self.text('#level'), sign)
            self.assertIn(self.server.status()['sentence'], self.text('#now'))
            self.assertEqual(self.run_script('return document.title.slice(0, 1)'), sign[0])

    def test_the_numbers_follow_the_server(self):
        self.assertEqual(self.text('#query-tiles .main dd'), '38.4')
        self.server.patch = {'queries': {'per_second': 1234.5, 'total': 9482211}, 'cache': {'hits': 0}}
        self.wait_text('#query-tiles .main dd', '1,235')
        self.wait_text('#query-tiles', '9,482,211')
        self.wait_text('#cache-tiles', '0 %')

    def test_the_picture_has_an_area_for_each_kind_axes_and_a_legend(self):
        self.assertEqual(self.run_script('return document.querySelectorAll("#chart path:not([fill])").length'), 6)
        labels = self.run_script('return [...document.querySelectorAll("#chart text")].map(e => e.textContent)')
        self.assertIn('0', labels)
        self.assertTrue([label for label in labels if re.match(r'\d\d:\d0', label)], labels)
        self.assertEqual(self.text('#unit'), 'answers per second')
        self.assertRegex(self.text('#legend'), r'(?s)native\s+5\d %.*refused')

    def test_the_picture_is_a_table_too(self):
        self.run_script('document.querySelector("#history-table").open = true')
        rows = self.run_script('return [...document.querySelectorAll("#history-table tbody tr")].map('
                               'row => [...row.children].slice(1).map(cell => +cell.textContent.replace(/,/g, "")))')
        samples = self.server.status()['queries']['history']['samples']
        self.assertIn(len(rows), (12, 13))
        for row in rows:
            self.assertEqual(sum(row[:-1]), row[-1])
        self.assertAlmostEqual(sum(row[-1] for row in rows), sum(map(sum, samples)), delta=3000)

    def test_where_few_ask_the_scale_is_by_minutes(self):
        self.show('bare')
        self.assertEqual(self.text('#unit'), 'answers per minute')

    def test_a_gateway_dies_and_is_shown(self):
        self.assertEqual(self.text('#gateways tbody tr:first-child .state'), '✓ live')
        self.assertFalse(self.is_shown('#warnings'))
        self.server.state = 'one-dead'
        self.wait_text('#gateways tbody tr:first-child .state', '✕ dead')
        self.assertIn('not in use', self.text('#gateways tbody tr:first-child'))
        self.assertIn('drained', self.text('#gateways tbody tr:last-child'))
        self.wait_text('#level', '▲ Warning')
        self.assertIn('ping 64:ff9b::101:101', self.text('#warnings pre'))

    def test_upstreams_with_their_times_and_losses(self):
        self.assertRegex(self.text('#upstreams tbody tr:last-child'), r'(?s)192\.0\.2\.1:53.*through NAT64.*corp\.example\..*up.*41 ms.*1\.3 %')
        self.assertFalse(self.is_shown('#held'))
        self.show('all-dead')
        self.assertRegex(self.text('#upstreams tbody'), r'(?s)✕ held\s+512 ms\s+▲ 61 %')
        self.assertTrue(self.is_shown('#held'))

    def test_what_is_not_there_is_said(self):
        self.show('bare')
        for selector in ('#no-gateways', '#no-upstreams', '#recent-none'):
            self.assertTrue(self.is_shown(selector), selector)
        self.assertIn('The cache is off', self.text('#cache'))
        self.show('just-started')
        self.assertIn('begins within 30 seconds', self.run_script('return document.querySelector("#chart svg").textContent'))
        self.assertRegex(self.text('#recent-off'), r'names tell who looks at what.*log: \{queries: true\}')
        self.assertNotIn('NaN', self.text('body'))

    def test_many_names_are_shown_when_asked_for(self):
        self.assertFalse(self.is_shown('#recent-more'))
        names = [{'when': i, 'name': 'n%d.example.' % i, 'type': 'A', 'outcome': 'synthesized', 'prefix': None} for i in range(50)]
        self.show('well', recent=names)
        count = 'return document.querySelectorAll("#recent tbody tr").length'
        self.assertEqual((self.run_script(count), self.text('#recent-more')), (15, 'All 50'))
        self.run_script('document.querySelector("#recent-more").focus()')
        self.browser.press('ENTER')
        self.assertEqual((self.run_script(count), self.text('#recent-more')), (50, 'Fewer'))
        before = len(self.server.asked)
        self.wait(lambda: len(self.server.asked) >= before + 2, 'it does not ask again')
        self.assertEqual((self.run_script(count), self.run_script('return document.activeElement.id')), (50, 'recent-more'))
        self.browser.press('ENTER')
        self.assertEqual(self.run_script(count), 15)

    def test_errors_are_told_before_warnings(self):
        self.show('all-dead', warnings=list(reversed(standin.load('all-dead')['warnings'])))
        self.assertEqual(self.run_script('return [...document.querySelectorAll("#warnings .badge")].map(e => e.innerText)'),
                         ['✕ Error', '▲ Warning'])

    def test_names_are_text_whatever_is_in_them(self):
        self.show('hostile')
        time.sleep(.5)
        self.assertNotEqual(self.run_script('return document.title'), 'owned')
        self.assertIn('<img src=x onerror=', self.text('#recent'))
        self.assertIn('</script><script>', self.text('#recent'))
        self.assertEqual(self.run_script('return [document.images.length, document.scripts.length]'), [0, 1])
        self.assertEqual(self.run_script('return [...document.querySelectorAll("*")].filter(e => '
                                         '[...e.attributes].some(a => a.name.startsWith("on"))).length'), 0)
        self.assertEqual(self.browser.console(), [])

    def test_who_listens_is_told_what_is_new_and_not_each_rate(self):
        self.assertIn('3 NAT64 gateways answer', self.run_script('return document.querySelector("#heard").textContent'))
        self.run_script('window.told = []; new MutationObserver(() => told.push(document.querySelector("#heard").textContent))'
                        '.observe(document.querySelector("#heard"), {subtree: true, childList: true, characterData: true})')
        self.server.patch = {'sentence': self.server.status()['sentence'].replace('38', '39')}
        self.wait_text('#sentence', '39')
        self.assertEqual(self.run_script('return told'), [])
        self.server.state, self.server.patch = 'one-dead', {}
        self.wait(lambda: self.run_script('return told.length'), 'the change is not told')
        self.server.stop()
        self.wait(lambda: self.run_script('return told.length') == 2, 'the loss is not told')
        self.assertRegex(' '.join(self.run_script('return told')), r'Warning: .*1 of 2.*Away: The server does not answer')

    def test_without_scripts_it_points_to_the_terminal(self):
        self.browser.devtools('Emulation.setScriptExecutionDisabled', value=True)
        try:
            self.browser.open(self.server.url)
            source = self.browser.devtools('Runtime.evaluate', expression='document.querySelector("noscript").innerText')
        finally:
            self.browser.devtools('Emulation.setScriptExecutionDisabled', value=False)
        self.assertIn('sixward status', source['result']['value'])

    def test_it_is_small_and_names_no_other_place(self):
        with open(standin.PAGE, encoding='utf-8') as file:
            page = file.read()
        self.assertLess(len(page.encode()), 40 * 1024)
        self.assertEqual(set(re.findall(r'https?://[^"\'\s]*', page)), {'http://www.w3.org/2000/svg'})
        self.assertNotIn('innerHTML', page)
        self.assertIn('<html lang="en">', page)


class Away(Case):
    """The server goes, and comes back."""

    def test_it_says_so_keeps_the_picture_and_goes_on(self):
        self.server.stop()
        self.wait_text('#level', '✕ Away')
        self.assertIn('does not answer', self.text('#sentence'))
        self.assertRegex(self.text('#stale'), r'every 2 seconds.*below is of \d')
        self.assertEqual(self.run_script('return getComputedStyle(document.querySelector("#queries")).filter'), 'grayscale(1)')
        self.assertEqual(self.run_script('return document.querySelectorAll("#chart path:not([fill])").length'), 6)
        self.server.patch = {'uptime_s': 1, 'queries': {'history': 'short'}}
        self.server.start()
        self.wait_text('#level', '✓ Well')
        self.assertIn('up 1 s', self.text('#about'))
        self.assertFalse(self.is_shown('#stale'))
        self.assertEqual(self.run_script('return getComputedStyle(document.querySelector("#queries")).filter'), 'none')

    def test_it_waits_for_a_server_that_was_never_there(self):
        self.server.status = lambda: None  # no status of any version
        self.browser.open(self.server.url)
        self.wait_text('#stale', 'Nothing has been heard')
        del self.server.status
        self.wait_text('#level', '✓ Well')

    def test_a_newer_server_has_a_newer_page(self):
        self.server.patch = {'version': 2}
        self.wait_text('#stale', 'Load the page again')

    def test_it_rests_while_nobody_looks(self):
        self.run_script('Object.defineProperty(document, "hidden", {configurable: true, get: () => true});'
                        'document.dispatchEvent(new Event("visibilitychange"))')
        time.sleep(.5)
        before = len(self.server.asked)
        time.sleep(3)
        self.assertEqual(len(self.server.asked), before)
        self.run_script('delete document.hidden; document.dispatchEvent(new Event("visibilitychange"))')
        self.wait(lambda: len(self.server.asked) >= before + 2, 'it does not ask again')

    def test_it_can_be_paused(self):
        self.run_script('document.querySelector("#pause").click()')
        self.assertIn('paused', self.text('#updated'))
        time.sleep(.5)
        before = len(self.server.asked)
        time.sleep(3)
        self.assertEqual(len(self.server.asked), before)
        self.assertEqual(self.text('#pause'), 'Go on')
        self.run_script('document.querySelector("#pause").click()')
        self.wait_text('#updated', 'live')


class ForEveryone(Case):
    """By keyboard, on a phone, in the dark, without motion."""

    STATE = 'all-dead'

    def focused(self):
        return self.run_script('const e = document.activeElement; return e.id || e.getAttribute("href") || e.textContent.slice(0, 40)')

    def outline(self):
        return self.run_script('const s = getComputedStyle(document.activeElement); return s.outlineStyle + " " + s.outlineWidth')

    def test_everything_is_reached_by_tab_and_the_focus_is_seen(self):
        seen = []
        for _ in range(10):
            self.browser.press('TAB')
            seen.append(self.focused())
            self.assertEqual(self.outline(), 'solid 2px', seen)
        self.assertEqual(seen, ['pause', 'Copy', 'Copy', 'chart', 'The picture as a table', 'What the kinds mean',
                                'Every outcome since the start', 'status.json', 'metrics', 'healthz'])

    def test_the_picture_is_read_by_arrows(self):
        self.run_script('document.querySelector("#pause").focus()')
        self.browser.press('TAB', 'TAB', 'TAB')
        self.assertEqual(self.focused(), 'chart')
        value = 'return document.querySelector("#chart").getAttribute("aria-valuetext")'
        newest = self.run_script(value)
        self.assertTrue(self.is_shown('#tip'))
        self.assertRegex(newest, r'\d [AP]M to \d.*: [\d.]+ per second, .*native [\d.]+')
        self.browser.press('LEFT', 'LEFT')
        self.assertNotEqual(self.run_script(value), newest)
        self.browser.press('END')
        self.assertEqual(self.run_script(value), newest)
        self.browser.press('HOME')
        self.assertEqual(self.run_script('return document.querySelector("#chart").ariaValueNow'), '0')
        self.browser.press('ESCAPE')
        self.assertFalse(self.is_shown('#tip'))
        self.browser.press('LEFT', 'TAB')
        self.assertFalse(self.is_shown('#tip'))

    def test_the_picture_is_read_by_pointing(self):
        self.assertFalse(self.is_shown('#tip'))
        x, y = self.run_script('const e = document.querySelector("#chart"); e.scrollIntoView({block: "center"});'
                               'const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + 40]')
        self.browser.point(x, y)
        self.assertTrue(self.is_shown('#tip'))
        self.browser.point(1, 1)
        self.assertFalse(self.is_shown('#tip'))

    def test_the_focus_stays_while_the_numbers_change(self):
        self.run_script('document.querySelectorAll("#warnings button")[1].focus()')
        before = len(self.server.asked)
        self.server.patch = {'queries': {'per_second': 7}}
        self.wait(lambda: len(self.server.asked) >= before + 2, 'it does not ask again')
        self.assertIn('tailscale0', self.run_script('return document.activeElement.getAttribute("aria-label")'))

    def test_a_step_is_copied(self):
        self.browser.devtools('Browser.grantPermissions', origin=self.server.url, permissions=['clipboardReadWrite',
                                                                                               'clipboardSanitizedWrite'])
        self.run_script('document.querySelector("#pause").focus()')
        self.browser.press('TAB', 'TAB', 'ENTER')
        self.wait_text('#copied', 'Copied')
        self.assertEqual(self.browser.devtools('Runtime.evaluate', expression='navigator.clipboard.readText()',
                                               awaitPromise=True)['result']['value'], 'dns64:\n  hide-a: if-aaaa')

    def test_it_fits_a_phone(self):
        for width in (320, 360, 700):
            # No table is stacked at 700, and its words are not broken: the server has none that are so long.
            for state in STATES if width < 700 else [s for s in STATES if s != 'hostile']:
                self.browser.resize(width, 640, True)
                self.show(state)
                self.run_script('document.querySelectorAll("details").forEach(e => e.open = true)')
                wide = self.run_script('return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && '
                                       'e.getBoundingClientRect().right > arguments[0] + .5).map(e => e.outerHTML.slice(0, 90))', width)
                self.assertEqual(self.run_script('return document.documentElement.scrollWidth'), width, (state, wide))
                self.assertEqual(wide, [], (width, state))

    def contrasts(self):
        return self.run_script(VISIBLE_TEXT + r'''
            const bad = [];
            for (const e of document.querySelectorAll('body *')) {
                const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
                if (!own || !e.checkVisibility() || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(e.tagName))
                    continue;
                const style = getComputedStyle(e), colour = e.closest('svg') ? style.fill : style.color;
                const back = ground(e), ratio = contrast(over(channels(colour), back), back);
                if (ratio < 4.5)
                    bad.push(ratio.toFixed(2) + ' ' + e.outerHTML.slice(0, 90));
            }
            return bad;''')

    def test_text_stands_out_by_light_and_in_the_dark(self):
        for scheme in ('light', 'dark'):
            self.browser.media(color_scheme=scheme)
            for state in STATES:
                self.show(state)
                self.run_script('document.querySelectorAll("details").forEach(e => e.open = true)')
                self.assertEqual(self.contrasts(), [], (scheme, state))

    def test_the_dark_is_dark(self):
        script = VISIBLE_TEXT + 'return [luminance(ground(document.body)), luminance(ground(document.querySelector("#queries")))]'
        self.assertTrue(all(value > .8 for value in self.run_script(script)))
        self.browser.media(color_scheme='dark')
        self.assertTrue(all(value < .05 for value in self.run_script(script)))

    def kinds(self):
        """{kind: colour of its area} and what is behind them."""
        self.show('well')
        return self.run_script(VISIBLE_TEXT + '''
            const colours = {}, names = [...document.querySelectorAll('#legend li')].map(e => e.children[1].textContent);
            document.querySelectorAll('#chart path:not([fill])').forEach((e, i) => colours[names[i]] = channels(getComputedStyle(e).fill));
            return [colours, ground(document.querySelector('#queries'))];''')

    def test_kinds_are_told_apart_without_seeing_red_green_or_blue(self):
        """By how colours look with each of the three kinds of colour blindness; failed and refused are striped besides."""
        for scheme in ('light', 'dark'):
            self.browser.media(color_scheme=scheme)
            colours, ground = self.kinds()
            self.assertEqual(len(colours), 6)
            for kind, colour in colours.items():
                self.assertGreater(contrast(colour, ground), 3, (scheme, kind))
            for sight, matrix in SIGHTS.items():
                names = sorted(colours)
                for i, one in enumerate(names):
                    for other in names[i + 1:]:
                        self.assertGreater(distance(colours[one], colours[other], matrix), 15, (scheme, sight, one, other))

    def test_nothing_moves_for_those_who_want_no_motion(self):
        self.browser.media(color_scheme='light', reduced_motion='reduce')
        self.open()
        for _ in range(10):
            self.assertEqual(self.run_script('return document.getAnimations().length'), 0)
            time.sleep(.25)

    def test_there_are_landmarks_and_every_part_has_a_name(self):
        self.assertEqual(self.run_script('return ["header", "main", "footer", "h1"].map(t => document.querySelectorAll(t).length)'), [1] * 4)
        tree = self.browser.devtools('Accessibility.getFullAXTree')['nodes']
        for node in tree:
            role = node.get('role', {}).get('value')
            if role in ('button', 'slider', 'table', 'region', 'meter', 'link') and not node.get('ignored'):
                self.assertTrue(node.get('name', {}).get('value'), node)
        roles = [node.get('role', {}).get('value') for node in tree]
        self.assertEqual(roles.count('slider'), 1)
        self.assertGreaterEqual(roles.count('table'), 3)


# How linear light looks to those who lack one kind of cones (Machado, Oliveira, Fernandes 2009).
SIGHTS = {
    'usual': ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    'no red': ((.152286, 1.052583, -.204868), (.114503, .786281, .099216), (-.003882, -.048116, 1.051998)),
    'no green': ((.367322, .860646, -.227968), (.280085, .672501, .047413), (-.011820, .042940, .968881)),
    'no blue': ((1.255528, -.076749, -.178779), (-.078411, .930809, .147602), (.004733, .691367, .303900)),
}


def linear(colour):
    return [c / 255 / 12.92 if c / 255 <= .04045 else ((c / 255 + .055) / 1.055) ** 2.4 for c in colour[:3]]


def contrast(one, other):
    high, low = sorted((sum(w * c for w, c in zip((.2126, .7152, .0722), linear(colour))) for colour in (one, other)), reverse=True)
    return (high + .05) / (low + .05)


def lab(light):
    """CIE L*a*b* of linear sRGB."""
    rows = (((.4124, .3576, .1805), .9505), ((.2126, .7152, .0722), 1), ((.0193, .1192, .9505), 1.089))
    x, y, z = (max(0, sum(w * c for w, c in zip(row, light)) / white) for row, white in rows)
    x, y, z = (v ** (1 / 3) if v > .008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one, other, matrix):
    seen = [lab([sum(m * c for m, c in zip(row, linear(colour))) for row in matrix]) for colour in (one, other)]
    return sum((a - b) ** 2 for a, b in zip(*seen)) ** .5
